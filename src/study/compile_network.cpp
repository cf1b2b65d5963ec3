#include "study/compile_network.h"

#include "nn/classifier.h"

namespace obscura::study {

program::Program compile_network(const nn::Graph& graph, const compile::CompileOptions& options,
                                 program::Magnitudes* sizes) {
  nn::check_classifier(graph);
  return compile::compile(graph, options, sizes);
}

program::Program compile_network(const nn::Graph& graph, message::Mode mode) {
  compile::CompileOptions options;
  options.mode = mode;
  return compile_network(graph, options);
}

}  // namespace obscura::study
