// See json.h.
#include "formats/json.h"

#include <set>
#include <vector>

namespace attn {

nlohmann::json parse_json(std::string_view text, const std::string& what, ErrorCode code) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;  // One set for each object that is open.
  const auto watch = [&](int depth, Event event, const nlohmann::json& parsed) {
    if (depth > kDeepestJson) {
      throw Error(code, what + " is nested too deeply.", "at most " + std::to_string(kDeepestJson) + " levels", "more");
    }
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      // The parser keeps the last of two silently; which one its writer meant, nobody knows.
      if (!keys.back().insert(key).second) {
        throw Error(code, what + " has the key \"" + key.substr(0, 80) + "\" twice.", "every key once", key.substr(0, 80));
      }
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::parse_error& failure) {
    throw Error(code, what + " is not valid JSON: a mistake at byte " + std::to_string(failure.byte) + ".", "JSON in UTF-8",
                "a mistake at byte " + std::to_string(failure.byte));
  } catch (const nlohmann::json::exception&) {
    throw Error(code, what + " is not valid JSON: a number is out of range.", "JSON in UTF-8", "a number out of range");
  }
}

}  // namespace attn
