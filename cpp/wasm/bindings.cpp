// The only C++ file that knows JavaScript exists. Names turn from snake_case into camelCase here and nowhere else.
// Values are copied in and copied out, so no JavaScript object ever points into the WebAssembly heap, but for the
// window that a loader writes through. What each call promises stands in web/engine/bindings.ts.
#include <emscripten/bind.h>
#include <emscripten/heap.h>
#include <emscripten/val.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "analysis/aggregate.h"
#include "analysis/contribution.h"
#include "analysis/difference.h"
#include "analysis/flow.h"
#include "analysis/overview.h"
#include "attn/sampling.h"
#include "formats/gguf.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "formats/trace_file.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace {

using attn::Index;
using emscripten::val;

/// An object that is put together for JavaScript. `val`'s own set would be compiled anew for every length of a name.
class Object : public val {
 public:
  Object() : val(val::object()) {}

  template <typename Value>
  void set(const char* name, const Value& value) {
    // Another object is a value already: val's constructor would take it for a type of our own.
    if constexpr (std::is_base_of_v<val, Value>) {
      put(name, value);
    } else {
      put(name, val(value));
    }
  }

 private:
  void put(const char* name, const val& value) { val::set(name, value); }
};

val text_or_null(std::string_view text) { return text.empty() ? val::null() : val(std::string(text)); }

val failure(attn::ErrorCode code, const std::string& message, const std::string& expected, const std::string& found) {
  Object error;
  error.set("code", std::string(attn::name_of(code)));
  error.set("message", message);
  error.set("expected", text_or_null(expected));
  error.set("found", text_or_null(found));
  Object js;
  js.set("error", error);
  return js;
}

val guarded_call(val (*call)(const void*), const void* body) {
  try {
    return call(body);
  } catch (const attn::Error& error) {
    return failure(error.code(), error.what(), error.expected(), error.found());
  } catch (const std::bad_alloc&) {
    return failure(attn::ErrorCode::kOutOfMemory, "There is not enough memory for this.", "", "");
  } catch (const std::exception& error) {
    return failure(attn::ErrorCode::kBadRequest, error.what(), "", "");
  }
}

/// Runs `body`; a C++ exception becomes {error}, which the worker throws again as an EngineError.
template <typename Body>
val guarded(const Body& body) {
  return guarded_call([](const void* same) -> val { return (*static_cast<const Body*>(same))(); }, &body);
}

/// A typed array of its own: slice() copies before the heap can move.
template <typename Number>
val array_to_js(const Number* numbers, std::size_t count) {
  return val(emscripten::typed_memory_view(count, numbers)).template call<val>("slice");
}

template <typename Number>
val array_to_js(const std::vector<Number>& numbers) {
  return array_to_js(numbers.data(), numbers.size());
}

val vector_to_js(const attn::Vector& numbers) {
  return array_to_js(numbers.data(), static_cast<std::size_t>(numbers.size()));
}

val matrix_to_js(const attn::MatrixView& matrix) {
  Object js;
  js.set("rows", static_cast<int>(matrix.rows()));
  js.set("cols", static_cast<int>(matrix.cols()));
  js.set("data", array_to_js(matrix.data(), static_cast<std::size_t>(matrix.size())));
  return js;
}

val links_to_js(const std::vector<attn::Link>& links) {
  static_assert(sizeof(attn::Link) == 4 * sizeof(std::uint32_t));
  return array_to_js(reinterpret_cast<const std::uint32_t*>(links.data()), 4 * links.size());
}

template <typename Value>
val optional_to_js(const std::optional<Value>& value) {
  return value ? val(*value) : val::null();
}

val optional_to_js(const std::optional<std::int64_t>& value) {
  return value ? val(static_cast<double>(*value)) : val::null();
}

/// Null for an empty list.
template <typename Number>
val numbers_or_null(const std::vector<Number>& numbers) {
  return numbers.empty() ? val::null() : array_to_js(numbers);
}

val tokenizer_to_js(const attn::GgufTokenizer& tokenizer) {
  if (!tokenizer.present) return val::null();
  Object js;
  js.set("model", tokenizer.model);
  js.set("pre", optional_to_js(tokenizer.pre));
  js.set("tokens", val::array(tokenizer.tokens));
  js.set("scores", numbers_or_null(tokenizer.scores));
  js.set("types", numbers_or_null(tokenizer.types));
  js.set("merges", tokenizer.merges.empty() ? val::null() : val::array(tokenizer.merges));
  js.set("bos", optional_to_js(tokenizer.bos));
  js.set("eos", optional_to_js(tokenizer.eos));
  js.set("unknown", optional_to_js(tokenizer.unknown));
  js.set("addBos", optional_to_js(tokenizer.add_bos));
  js.set("addEos", optional_to_js(tokenizer.add_eos));
  js.set("addSpacePrefix", optional_to_js(tokenizer.add_space_prefix));
  js.set("chatTemplate", optional_to_js(tokenizer.chat_template));
  js.set("huggingface", optional_to_js(tokenizer.huggingface));
  return js;
}

val candidates_to_js(const std::vector<attn::Candidate>& candidates) {
  std::vector<std::int32_t> ids;
  std::vector<float> logits;
  std::vector<float> probabilities;
  std::vector<float> chances;
  for (const attn::Candidate& candidate : candidates) {
    ids.push_back(candidate.id);
    logits.push_back(candidate.logit);
    probabilities.push_back(candidate.probability);
    chances.push_back(candidate.chance);
  }
  Object js;
  js.set("ids", array_to_js(ids));
  js.set("logits", array_to_js(logits));
  js.set("probabilities", array_to_js(probabilities));
  js.set("chances", array_to_js(chances));
  return js;
}

attn::Sampling sampling_from_js(double temperature, double top_k, double top_p) {
  return {.temperature = static_cast<float>(temperature),
          .top_k = static_cast<Index>(top_k),
          .top_p = static_cast<float>(top_p)};
}

Index index_in(const val& js, const char* name, Index otherwise) {
  const val number = js[name];
  return number.isUndefined() ? otherwise : static_cast<Index>(number.as<double>());
}

float number_in(const val& js, const char* name, float otherwise) {
  const val number = js[name];
  return number.isUndefined() ? otherwise : static_cast<float>(number.as<double>());
}

/// The plain objects of the public contract.
attn::Interventions interventions_from_js(const val& list) {
  attn::Interventions interventions;
  const auto count = list["length"].as<unsigned>();
  for (unsigned i = 0; i < count; ++i) {
    const val one = list[i];
    attn::Intervention intervention;
    intervention.kind = attn::intervention_kind(one["kind"].as<std::string>());
    if (!one["layer"].isUndefined()) intervention.layer = index_in(one, "layer", 0);
    intervention.head = index_in(one, "head", 0);
    intervention.query = index_in(one, "query", 0);
    intervention.key = index_in(one, "key", 0);
    intervention.temperature = number_in(one, "temperature", 1.0F);
    intervention.weight = number_in(one, "weight", 0.0F);
    intervention.renormalise = one["renormalise"].isUndefined() || one["renormalise"].as<bool>();
    interventions.push_back(intervention);
  }
  return interventions;
}

attn::Pairs pairs_from_js(const val& flat) {
  const auto numbers = emscripten::convertJSArrayToNumberVector<std::int32_t>(flat);
  attn::Pairs pairs;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) pairs.push_back({numbers[i], numbers[i + 1]});
  return pairs;
}

attn::Matrix matrix_from_js(const val& js) {
  const auto numbers = emscripten::convertJSArrayToNumberVector<float>(js["data"]);
  const auto rows = static_cast<Index>(js["rows"].as<double>());
  const auto cols = static_cast<Index>(js["cols"].as<double>());
  if (rows < 0 || cols < 0 || static_cast<std::size_t>(rows * cols) != numbers.size()) {
    attn::fail(attn::ErrorCode::kBadRequest, {"A matrix must have rows x cols numbers."}, {rows * cols},
               {numbers.size()});
  }
  return Eigen::Map<const attn::Matrix>(numbers.data(), rows, cols);
}

attn::LinkFilter filter_from_js(const val& apart, const val& heads, unsigned budget) {
  return {.apart = emscripten::convertJSArrayToNumberVector<std::uint8_t>(apart),
          .heads = emscripten::convertJSArrayToNumberVector<std::uint8_t>(heads),
          .budget = budget};
}

val step_to_js(const attn::Stepper& stepper) {
  Object js;
  js.set("done", stepper.done());
  js.set("progress", stepper.progress());
  return js;
}

/// Long work on complete runs, and what it comes to. One at a time.
struct Work {
  attn::Stepper stepper;
  attn::Matrix matrix;
  std::vector<float> numbers;
  attn::Verification verification;
};

/// One forward pass or one opened trace, and the work on it that is under way.
struct Run {
  std::vector<std::int32_t> ids;  // Empty for a trace.
  attn::ForwardTrace trace;
  attn::Stepper forward;
  attn::Overview overview;
  attn::Stepper look;
};

/// All that an instance of the module holds: one engine.
struct State {
  std::map<std::string, attn::FileBytes> files;
  std::shared_ptr<const attn::Model> model;
  std::map<int, std::unique_ptr<Run>> runs;
  int last_run = 0;
  std::map<int, std::unique_ptr<Work>> works;
  int last_work = 0;
};

State state;

const attn::FileBytes& file_of(const std::string& name) {
  const auto found = state.files.find(name);
  if (found == state.files.end()) attn::fail(attn::ErrorCode::kBadRequest, {"The file was not reserved: ", name, "."});
  return found->second;
}

bool is_gguf_file(const std::string& name) {
  const auto bytes = file_of(name).view();
  return attn::is_gguf({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// What an earlier run of the model computed for the first of these tokens, changed in the same way; empty where there
/// is none.
attn::ForwardTrace longest_beginning(const std::vector<std::int32_t>& ids, const attn::Interventions& interventions) {
  if (attn::looks_ahead(interventions)) return {};
  const Run* best = nullptr;
  Index longest = 0;
  for (const auto& [id, run] : state.runs) {
    const Index shared = attn::shared_beginning(run->ids, ids);
    if (!state.model->config.causal || !run->forward.done() || shared <= longest) continue;
    if (run->trace.interventions != interventions) continue;
    best = run.get();
    longest = shared;
  }
  return best == nullptr ? attn::ForwardTrace{} : attn::beginning_of(best->trace, longest);
}

Run& run_of(int id) {
  const auto found = state.runs.find(id);
  if (found == state.runs.end()) {
    attn::fail(attn::ErrorCode::kBadRequest, {"There is no run ", id, "."});
  }
  return *found->second;
}

Run& complete_run(int id) {
  Run& run = run_of(id);
  if (!run.forward.done()) attn::fail(attn::ErrorCode::kBadRequest, {"The run is not complete."});
  return run;
}

attn::Vector logits_of(int id, int position) {
  const Run& run = complete_run(id);
  if (state.model == nullptr || run.ids.empty()) {
    attn::fail(attn::ErrorCode::kUnsupported, {"A saved run has no model to say what comes next."});
  }
  return attn::logits_at(*state.model, run.trace, position);
}

int add(attn::ForwardTrace trace) {
  auto run = std::make_unique<Run>();
  run->trace = std::move(trace);
  state.runs[++state.last_run] = std::move(run);
  return state.last_run;
}

val reserve(const std::string& name, double bytes) {
  return guarded([&] {
    if (!(bytes >= 0 && bytes < 2147483648.0)) {
      attn::fail(attn::ErrorCode::kTooLarge, {name, " is larger than this page can address."}, {"less than 2 GiB"},
                 {bytes, " bytes"});
    }
    state.files[name] = attn::allocate_file(static_cast<std::size_t>(bytes));
    return val::object();
  });
}

val window(const std::string& name, unsigned offset, unsigned length) {
  const attn::FileBytes& file = state.files.at(name);
  const std::size_t begin = std::min<std::size_t>(offset, file.size);
  const std::size_t count = std::min<std::size_t>(length, file.size - begin);
  return val(emscripten::typed_memory_view(count, reinterpret_cast<std::uint8_t*>(file.data.get()) + begin));
}

val kind(const std::string& name) {
  return guarded([&] {
    Object js;
    if (is_gguf_file(name)) {
      js.set("kind", std::string("gguf"));
      return js;
    }
    const attn::Checkpoint checkpoint = attn::read_safetensors(file_of(name), name);
    js.set("kind", std::string(attn::is_trace(checkpoint) ? "trace" : "weights"));
    return js;
  });
}

val open_model(const val& names, const val& config_json) {
  return guarded([&] {
    const auto files = emscripten::vecFromJSArray<std::string>(names);
    attn::GgufFile gguf;
    if (files.size() == 1 && is_gguf_file(files.front())) {
      gguf = attn::read_gguf(file_of(files.front()), files.front());
    } else {
      gguf.settings = attn::read_config(config_json.as<std::string>());
      std::vector<attn::Checkpoint> shards;
      for (const std::string& file : files) shards.push_back(attn::read_safetensors(file_of(file), file));
      gguf.checkpoint = attn::merge_shards(std::move(shards));
    }
    state.model = std::make_shared<const attn::Model>(attn::make_model(gguf.settings, gguf.checkpoint));
    for (const std::string& file : files) state.files.erase(file);  // The model keeps the memory alive.
    const attn::Config& config = state.model->config;
    Object js;
    js.set("family", config.family);
    js.set("nLayers", static_cast<int>(config.n_layers));
    js.set("nHeads", static_cast<int>(config.n_heads));
    js.set("nKvHeads", static_cast<int>(config.n_kv_heads));
    js.set("dModel", static_cast<int>(config.d_model));
    js.set("dHead", static_cast<int>(config.d_head));
    js.set("nCtx", static_cast<int>(config.n_ctx));
    js.set("bytes", static_cast<double>(state.model->bytes));
    js.set("causal", config.causal);
    js.set("name", text_or_null(attn::text_or(gguf.settings, "general.name", "")));
    js.set("licence", text_or_null(attn::text_or(gguf.settings, "general.license", "")));
    const attn::Parameters& parameters = state.model->parameters;
    const bool can_next = config.causal && !parameters.head.empty();
    js.set("next", can_next);
    js.set("effect", can_next && parameters.norm_first && parameters.head.transform.w.empty());
    js.set("tokenizer", tokenizer_to_js(gguf.tokenizer));
    return js;
  });
}

void release(const std::string& name) { state.files.erase(name); }

val open_trace(const std::string& name) {
  return guarded([&] {
    const std::size_t bytes = file_of(name).size;
    attn::TraceFile file = attn::read_trace(attn::read_safetensors(file_of(name), name), name);
    state.files.erase(name);
    const attn::Capabilities can = attn::capabilities_of(file.trace);
    Object js;
    js.set("family", val::null());
    js.set("nLayers", static_cast<int>(file.trace.n_layers()));
    js.set("nHeads", static_cast<int>(file.trace.n_heads));
    js.set("nKvHeads", can.scores ? val(static_cast<int>(file.trace.n_kv_heads)) : val::null());
    js.set("dModel", can.hidden ? val(static_cast<int>(file.trace.hidden.front().cols())) : val::null());
    js.set("dHead", can.scores ? val(static_cast<int>(file.trace.layers.front().query.cols() / file.trace.n_heads))
                               : val::null());
    js.set("nCtx", val::null());
    js.set("bytes", static_cast<double>(bytes));
    js.set("causal", file.causal ? val(*file.causal) : val::null());
    js.set("name", optional_to_js(file.name));
    js.set("text", optional_to_js(file.text));
    js.set("tokens", val::array(file.tokens));
    js.set("scores", can.scores);
    js.set("hidden", can.hidden);
    js.set("run", add(std::move(file.trace)));
    return js;
  });
}

val begin_run(const val& ids, const val& list) {
  return guarded([&] {
    if (state.model == nullptr) attn::fail(attn::ErrorCode::kBadRequest, {"There is no model to run."});
    auto run = std::make_unique<Run>();
    run->ids = emscripten::convertJSArrayToNumberVector<std::int32_t>(ids);
    attn::Interventions interventions = interventions_from_js(list);
    attn::ForwardTrace beginning = longest_beginning(run->ids, interventions);
    const auto reused = static_cast<int>(beginning.n_query);
    run->forward =
        attn::forward(state.model, {.ids = run->ids}, run->trace, std::move(beginning), std::move(interventions));
    state.runs[++state.last_run] = std::move(run);
    std::vector<std::int32_t> windows;
    for (const auto& layer : state.model->parameters.layers) windows.push_back(static_cast<std::int32_t>(layer.window));
    Object js;
    js.set("run", state.last_run);
    js.set("reused", reused);
    js.set("windows", array_to_js(windows));
    return js;
  });
}

val step_run(int id, double milliseconds) {
  return guarded([&] {
    attn::Stepper& forward = run_of(id).forward;
    forward.run_for(milliseconds);
    return step_to_js(forward);
  });
}

void drop_run(int id) { state.runs.erase(id); }

val begin_overview(int id, const val& ids, const val& special, const val& apart, const val& heads, unsigned budget) {
  return guarded([&] {
    Run& run = complete_run(id);
    run.look = {};  // What was under way wrote into the overview that the new work begins.
    attn::TextFacts text{.ids = emscripten::convertJSArrayToNumberVector<std::int32_t>(ids),
                         .special = emscripten::convertJSArrayToNumberVector<std::uint8_t>(special)};
    run.look = attn::overview_of(run.trace, std::move(text), filter_from_js(apart, heads, budget), run.overview);
    return val::object();
  });
}

val step_overview(int id, double milliseconds) {
  return guarded([&] {
    attn::Stepper& look = run_of(id).look;
    look.run_for(milliseconds);
    return step_to_js(look);
  });
}

val overview(int id) {
  return guarded([&] {
    const Run& run = complete_run(id);
    if (!run.look.done()) attn::fail(attn::ErrorCode::kBadRequest, {"The overview is not complete."});
    Object js;
    js.set("links", links_to_js(run.overview.links));
    js.set("counts", array_to_js(run.overview.counts.data(), run.overview.counts.size()));
    js.set("thumbnails", array_to_js(run.overview.thumbnails));
    js.set("thumbnailSize", static_cast<int>(run.overview.thumbnail_size));
    js.set("setApart", array_to_js(run.overview.set_apart));
    js.set("strongest", array_to_js(run.overview.strongest));
    const auto* metrics = reinterpret_cast<const double*>(run.overview.metrics.data());
    js.set("metrics", array_to_js(metrics, attn::kMetrics * run.overview.metrics.size()));
    return js;
  });
}

val row(int id, int query, const val& apart, const val& heads, unsigned budget) {
  return guarded([&] {
    const attn::TokenRow row = attn::token_row(complete_run(id).trace, query, filter_from_js(apart, heads, budget));
    Object js;
    js.set("query", query);
    js.set("weights", array_to_js(row.weights));
    js.set("links", links_to_js(row.links));
    return js;
  });
}

const attn::Model& model_of(const Run& run) {
  if (state.model == nullptr || run.ids.empty()) {
    attn::fail(attn::ErrorCode::kUnsupported, {"A saved run has no model to ask."}, {"a run of a model"},
               {"a saved run"});
  }
  return *state.model;
}

val matrix(int id, int layer, int head, const std::string& measure) {
  return guarded([&] {
    const Run& run = complete_run(id);
    val js = matrix_to_js(measure == "value-weighted" ? attn::value_weighted(model_of(run), run.trace, layer, head)
                          : measure == "scores"       ? attn::head_scores(run.trace, layer, head)
                                                      : attn::head_weights(run.trace, layer, head));
    js.set("layer", layer);
    js.set("head", head);
    return js;
  });
}

val cell(int id, int layer, int head, int query, int key) {
  return guarded([&] {
    const attn::CellTrace cell = attn::cell_trace(complete_run(id).trace, layer, head, query, key);
    Object js;
    js.set("layer", layer);
    js.set("head", head);
    js.set("queryIndex", query);
    js.set("keyIndex", key);
    const auto set = [&](const char* name, const val& value) { js.set(name, cell.has_scores ? value : val::null()); };
    set("query", vector_to_js(cell.query));
    set("key", vector_to_js(cell.key));
    set("value", vector_to_js(cell.value));
    set("dot", val(cell.dot));
    set("scale", val(cell.scale));
    set("bias", val(cell.bias));
    js.set("temperature", cell.temperature);
    set("score", val(cell.score));
    set("rowMax", val(cell.row_max));
    set("rowSum", val(cell.row_sum));
    js.set("weight", cell.weight);
    js.set("masked", cell.masked);
    set("output", vector_to_js(cell.output));
    set("rowScores", vector_to_js(cell.row_scores));
    js.set("rowWeights", vector_to_js(cell.row_weights));
    return js;
  });
}

/// Takes up long work. @param begin  gives the stepper that writes into its argument
template <typename Begin>
val begin_work(const Begin& begin) {
  return guarded([&] {
    auto work = std::make_unique<Work>();
    work->stepper = begin(*work);
    state.works[++state.last_work] = std::move(work);
    Object js;
    js.set("work", state.last_work);
    return js;
  });
}

val begin_aggregate(int id, const std::string& name, int layer) {
  return begin_work([&](Work& work) {
    const auto kind = name == "rollout" ? attn::Aggregate::kRollout
                      : name == "max"   ? attn::Aggregate::kMax
                                        : attn::Aggregate::kMean;
    return attn::aggregate_of(complete_run(id).trace, kind, layer, work.matrix);
  });
}

val begin_flow(int id, int query) {
  return begin_work([&](Work& work) { return attn::flow_of(complete_run(id).trace, query, work.numbers); });
}

val begin_change(int left, int right, const val& pairs) {
  return begin_work([&](Work& work) {
    return attn::change_of(complete_run(left).trace, complete_run(right).trace, pairs_from_js(pairs), work.numbers);
  });
}

val begin_verify(int id) {
  return begin_work([&](Work& work) { return attn::verify(complete_run(id).trace, work.verification); });
}

Work& work_of(int id) {
  const auto found = state.works.find(id);
  if (found == state.works.end()) attn::fail(attn::ErrorCode::kBadRequest, {"There is no work ", id, "."});
  return *found->second;
}

val step_work(int id, double milliseconds) {
  return guarded([&] {
    attn::Stepper& stepper = work_of(id).stepper;
    stepper.run_for(milliseconds);
    return step_to_js(stepper);
  });
}

val end_work(int id) {
  return guarded([&] {
    const Work& work = work_of(id);
    if (!work.stepper.done()) attn::fail(attn::ErrorCode::kBadRequest, {"The work is not complete."});
    Object js;
    js.set("matrix", matrix_to_js(work.matrix));
    js.set("numbers", array_to_js(work.numbers));
    js.set("largest", work.verification.largest);
    js.set("compared", work.verification.compared);
    return js;
  });
}

void drop_work(int id) { state.works.erase(id); }

val steps(int id, int layer, int head) {
  return guarded([&] {
    const Run& run = complete_run(id);
    const attn::HeadSteps steps =
        attn::head_steps(run.ids.empty() ? nullptr : state.model.get(), run.trace, layer, head);
    Object js;
    js.set("layer", layer);
    js.set("head", head);
    js.set("query", matrix_to_js(steps.query));
    js.set("key", matrix_to_js(steps.key));
    js.set("value", matrix_to_js(steps.value));
    js.set("dots", matrix_to_js(steps.dots));
    js.set("scaled", matrix_to_js(steps.scaled));
    js.set("scores", matrix_to_js(steps.scores));
    js.set("weights", matrix_to_js(steps.weights));
    js.set("output", matrix_to_js(steps.output));
    js.set("concat", matrix_to_js(steps.concat));
    js.set("wOutput", steps.w_output.size() == 0 ? val::null() : matrix_to_js(steps.w_output));
    js.set("added", steps.added.size() == 0 ? val::null() : matrix_to_js(steps.added));
    return js;
  });
}

val contributions(int id, int layer) {
  return guarded([&] {
    const Run& run = complete_run(id);
    return matrix_to_js(attn::contributions(model_of(run), run.trace, layer));
  });
}

val effect(int id, int position, int token) {
  return guarded([&] {
    const Run& run = complete_run(id);
    return array_to_js(attn::direct_effect(model_of(run), run.trace, position, token));
  });
}

val difference(const val& left, const val& right, const val& pairs) {
  return guarded([&] {
    return matrix_to_js(attn::difference(matrix_from_js(left), matrix_from_js(right), pairs_from_js(pairs)));
  });
}

val distance(const val& left, const val& right, const std::string& kind) {
  return guarded([&] {
    const attn::Matrix a = matrix_from_js(left);
    const attn::Matrix b = matrix_from_js(right);
    Object js;
    js.set("value", kind == "cosine" ? attn::cosine_distance(attn::row_of(a, 0), attn::row_of(b, 0))
                                     : attn::prediction_distance(attn::row_of(a, 0), attn::row_of(b, 0)));
    return js;
  });
}

val similarity(int left, int left_index, int right, int right_index) {
  return guarded([&] {
    return array_to_js(attn::similarity(complete_run(left).trace, left_index, complete_run(right).trace, right_index));
  });
}

val embedding(int id) {
  return guarded([&] { return matrix_to_js(attn::embedding_of(complete_run(id).trace)); });
}

val logits(int id, int position) {
  return guarded([&] { return matrix_to_js(logits_of(id, position)); });
}

val hidden(int id, int layer) {
  return guarded([&] {
    const std::vector<attn::GrowingMatrix>& hidden = complete_run(id).trace.hidden;
    if (hidden.empty()) attn::fail(attn::ErrorCode::kUnsupported, {"This trace holds no hidden states."});
    if (layer < 0 || layer >= static_cast<int>(hidden.size())) {
      attn::fail(attn::ErrorCode::kBadRequest, {"There is no such hidden state."}, {"0 to ", hidden.size() - 1},
                 {layer});
    }
    return matrix_to_js(hidden[static_cast<std::size_t>(layer)].view());
  });
}

val next(int id, int position, int count, double temperature, double top_k, double top_p) {
  return guarded([&] {
    const attn::Vector logits = logits_of(id, position);
    return candidates_to_js(attn::candidates(logits, sampling_from_js(temperature, top_k, top_p), count));
  });
}

val sample(int id, int position, double temperature, double top_k, double top_p, double seed) {
  return guarded([&] {
    const attn::Sampling sampling = sampling_from_js(temperature, top_k, top_p);
    return candidates_to_js(
        {attn::sample(logits_of(id, position), sampling, static_cast<std::uint32_t>(seed), position)});
  });
}

double memory_bytes() { return static_cast<double>(emscripten_get_heap_size()); }

}  // namespace

EMSCRIPTEN_BINDINGS(headlight) {
  using emscripten::function;
  function("reserve", &reserve);
  function("window", &window);
  function("kind", &kind);
  function("openModel", &open_model);
  function("release", &release);
  function("openTrace", &open_trace);
  function("beginRun", &begin_run);
  function("stepRun", &step_run);
  function("dropRun", &drop_run);
  function("beginOverview", &begin_overview);
  function("stepOverview", &step_overview);
  function("overview", &overview);
  function("row", &row);
  function("matrix", &matrix);
  function("cell", &cell);
  function("beginAggregate", &begin_aggregate);
  function("beginFlow", &begin_flow);
  function("beginChange", &begin_change);
  function("beginVerify", &begin_verify);
  function("stepWork", &step_work);
  function("endWork", &end_work);
  function("dropWork", &drop_work);
  function("steps", &steps);
  function("contributions", &contributions);
  function("effect", &effect);
  function("difference", &difference);
  function("distance", &distance);
  function("similarity", &similarity);
  function("embedding", &embedding);
  function("logits", &logits);
  function("hidden", &hidden);
  function("next", &next);
  function("sample", &sample);
  function("memoryBytes", &memory_bytes);
}
