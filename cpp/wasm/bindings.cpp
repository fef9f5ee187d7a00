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
#include <utility>
#include <vector>

#include "analysis/overview.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "formats/trace_file.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace {

using attn::Index;
using emscripten::val;

val text_or_null(const std::string& text) { return text.empty() ? val::null() : val(text); }

val failure(attn::ErrorCode code, const std::string& message, const std::string& expected, const std::string& found) {
  val error = val::object();
  error.set("code", std::string(attn::name_of(code)));
  error.set("message", message);
  error.set("expected", text_or_null(expected));
  error.set("found", text_or_null(found));
  val js = val::object();
  js.set("error", error);
  return js;
}

/// Runs `body`; a C++ exception becomes {error}, which the worker throws again as an EngineError.
template <typename Body>
val guarded(Body body) {
  try {
    return body();
  } catch (const attn::Error& error) {
    return failure(error.code(), error.what(), error.expected(), error.found());
  } catch (const std::bad_alloc&) {
    return failure(attn::ErrorCode::kOutOfMemory, "There is not enough memory for this.", "", "");
  } catch (const std::exception& error) {
    return failure(attn::ErrorCode::kBadRequest, error.what(), "", "");
  }
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

val matrix_to_js(const attn::Matrix& matrix) {
  val js = val::object();
  js.set("rows", static_cast<int>(matrix.rows()));
  js.set("cols", static_cast<int>(matrix.cols()));
  js.set("data", array_to_js(matrix.data(), static_cast<std::size_t>(matrix.size())));
  return js;
}

val links_to_js(const std::vector<attn::Link>& links) {
  static_assert(sizeof(attn::Link) == 4 * sizeof(std::uint32_t));
  return array_to_js(reinterpret_cast<const std::uint32_t*>(links.data()), 4 * links.size());
}

val optional_to_js(const std::optional<std::string>& text) { return text ? val(*text) : val::null(); }

attn::LinkFilter filter_from_js(const val& apart, const val& heads, unsigned budget) {
  return {.apart = emscripten::convertJSArrayToNumberVector<std::uint8_t>(apart),
          .heads = emscripten::convertJSArrayToNumberVector<std::uint8_t>(heads),
          .budget = budget};
}

val step_to_js(const attn::Stepper& stepper) {
  val js = val::object();
  js.set("done", stepper.done());
  js.set("progress", stepper.progress());
  return js;
}

/// One forward pass or one opened trace, and the work on it that is under way.
struct Run {
  attn::ForwardTrace trace;
  attn::Stepper forward;
  attn::Overview overview;
  attn::Stepper look;
};

class Engine {
 public:
  val reserve(const std::string& name, double bytes) {
    return guarded([&] {
      if (!(bytes >= 0 && bytes < 2147483648.0)) {
        throw attn::Error(attn::ErrorCode::kTooLarge, name + " is larger than this page can address.",
                          "less than 2 GiB", attn::number_text(bytes) + " bytes");
      }
      files_[name] = attn::allocate_file(static_cast<std::size_t>(bytes));
      return val::object();
    });
  }

  val window(const std::string& name, unsigned offset, unsigned length) {
    const attn::FileBytes& file = files_.at(name);
    const std::size_t begin = std::min<std::size_t>(offset, file.size);
    const std::size_t count = std::min<std::size_t>(length, file.size - begin);
    return val(emscripten::typed_memory_view(count, reinterpret_cast<std::uint8_t*>(file.data.get()) + begin));
  }

  val kind(const std::string& name) {
    return guarded([&] {
      const attn::Checkpoint checkpoint = attn::read_safetensors(file_of(name), name);
      val js = val::object();
      js.set("kind", std::string(attn::is_trace(checkpoint) ? "trace" : "weights"));
      return js;
    });
  }

  val open_model(const std::string& name, const std::string& config_json) {
    return guarded([&] {
      const attn::Settings settings = attn::read_config(config_json);
      model_ =
          std::make_shared<const attn::Model>(attn::make_model(settings, attn::read_safetensors(file_of(name), name)));
      files_.erase(name);  // The model keeps the memory alive.
      const attn::Config& config = model_->config;
      val js = val::object();
      js.set("family", config.family);
      js.set("nLayers", static_cast<int>(config.n_layers));
      js.set("nHeads", static_cast<int>(config.n_heads));
      js.set("nKvHeads", static_cast<int>(config.n_kv_heads));
      js.set("dModel", static_cast<int>(config.d_model));
      js.set("dHead", static_cast<int>(config.d_head));
      js.set("nCtx", static_cast<int>(config.n_ctx));
      js.set("bytes", static_cast<double>(model_->bytes));
      js.set("causal", config.causal);
      return js;
    });
  }

  val open_trace(const std::string& name) {
    return guarded([&] {
      const std::size_t bytes = file_of(name).size;
      attn::TraceFile file = attn::read_trace(attn::read_safetensors(file_of(name), name), name);
      files_.erase(name);
      const attn::Capabilities can = attn::capabilities_of(file.trace);
      val js = val::object();
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

  val begin_run(const val& ids) {
    return guarded([&] {
      if (model_ == nullptr) throw attn::Error(attn::ErrorCode::kBadRequest, "There is no model to run.");
      auto run = std::make_unique<Run>();
      run->forward = attn::forward(model_, emscripten::convertJSArrayToNumberVector<std::int32_t>(ids), run->trace);
      runs_[++last_run_] = std::move(run);
      val js = val::object();
      js.set("run", last_run_);
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

  void drop_run(int id) { runs_.erase(id); }

  val begin_overview(int id, const val& apart, const val& heads, unsigned budget) {
    return guarded([&] {
      Run& run = complete_run(id);
      run.look = {};  // What was under way wrote into the overview that the new work begins.
      run.look = attn::overview_of(run.trace, filter_from_js(apart, heads, budget), run.overview);
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
      if (!run.look.done()) throw attn::Error(attn::ErrorCode::kBadRequest, "The overview is not complete.");
      val js = val::object();
      js.set("links", links_to_js(run.overview.links));
      js.set("counts", array_to_js(run.overview.counts.data(), run.overview.counts.size()));
      js.set("thumbnails", array_to_js(run.overview.thumbnails));
      js.set("thumbnailSize", static_cast<int>(run.overview.thumbnail_size));
      js.set("setApart", array_to_js(run.overview.set_apart));
      js.set("strongest", array_to_js(run.overview.strongest));
      return js;
    });
  }

  val row(int id, int query, const val& apart, const val& heads, unsigned budget) {
    return guarded([&] {
      const attn::TokenRow row = attn::token_row(complete_run(id).trace, query, filter_from_js(apart, heads, budget));
      val js = val::object();
      js.set("query", query);
      js.set("weights", array_to_js(row.weights));
      js.set("links", links_to_js(row.links));
      return js;
    });
  }

  val matrix(int id, int layer, int head, const std::string& measure) {
    return guarded([&] {
      const attn::ForwardTrace& trace = complete_run(id).trace;
      val js = matrix_to_js(measure == "scores" ? attn::head_scores(trace, layer, head)
                                                : attn::head_weights(trace, layer, head));
      js.set("layer", layer);
      js.set("head", head);
      return js;
    });
  }

  val cell(int id, int layer, int head, int query, int key) {
    return guarded([&] {
      const attn::CellTrace cell = attn::cell_trace(complete_run(id).trace, layer, head, query, key);
      val js = val::object();
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

  val hidden(int id, int layer) {
    return guarded([&] {
      const std::vector<attn::Matrix>& hidden = complete_run(id).trace.hidden;
      if (hidden.empty()) throw attn::Error(attn::ErrorCode::kUnsupported, "This trace holds no hidden states.");
      if (layer < 0 || layer >= static_cast<int>(hidden.size())) {
        throw attn::Error(attn::ErrorCode::kBadRequest, "There is no such hidden state.",
                          "0 to " + std::to_string(hidden.size() - 1), std::to_string(layer));
      }
      return matrix_to_js(hidden[static_cast<std::size_t>(layer)]);
    });
  }

  double memory_bytes() const { return static_cast<double>(emscripten_get_heap_size()); }

 private:
  const attn::FileBytes& file_of(const std::string& name) const {
    const auto found = files_.find(name);
    if (found == files_.end())
      throw attn::Error(attn::ErrorCode::kBadRequest, "The file was not reserved: " + name + ".");
    return found->second;
  }

  Run& run_of(int id) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
      throw attn::Error(attn::ErrorCode::kBadRequest, "There is no run " + std::to_string(id) + ".");
    }
    return *found->second;
  }

  Run& complete_run(int id) {
    Run& run = run_of(id);
    if (!run.forward.done()) throw attn::Error(attn::ErrorCode::kBadRequest, "The run is not complete.");
    return run;
  }

  int add(attn::ForwardTrace trace) {
    auto run = std::make_unique<Run>();
    run->trace = std::move(trace);
    runs_[++last_run_] = std::move(run);
    return last_run_;
  }

  std::map<std::string, attn::FileBytes> files_;
  std::shared_ptr<const attn::Model> model_;
  std::map<int, std::unique_ptr<Run>> runs_;
  int last_run_ = 0;
};

}  // namespace

EMSCRIPTEN_BINDINGS(headlight) {
  emscripten::class_<Engine>("Engine")
      .constructor<>()
      .function("reserve", &Engine::reserve)
      .function("window", &Engine::window)
      .function("kind", &Engine::kind)
      .function("openModel", &Engine::open_model)
      .function("openTrace", &Engine::open_trace)
      .function("beginRun", &Engine::begin_run)
      .function("stepRun", &Engine::step_run)
      .function("dropRun", &Engine::drop_run)
      .function("beginOverview", &Engine::begin_overview)
      .function("stepOverview", &Engine::step_overview)
      .function("overview", &Engine::overview)
      .function("row", &Engine::row)
      .function("matrix", &Engine::matrix)
      .function("cell", &Engine::cell)
      .function("hidden", &Engine::hidden)
      .function("memoryBytes", &Engine::memory_bytes);
}
