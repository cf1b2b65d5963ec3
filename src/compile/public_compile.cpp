#include "compile/compile.h"
#include "compile/failure.h"
#include "message/client_wire.h"
#include "nn/classifier.h"
#include "nn/onnx_read.h"
#include "obscura/compile.h"
#include "program/program_wire.h"

namespace obscura {

Compiled compile_network(const std::filesystem::path& onnx, const Wishes& wishes) {
  const nn::Graph graph = nn::read_onnx(onnx);
  nn::check_classifier(graph);
  compile::CompileOptions options;
  options.mode = wishes.batched ? message::Mode::batched : message::Mode::packed;
  options.images_per_ciphertext = wishes.images_per_query;
  options.relative_error = wishes.relative_error;
  options.share = wishes.share;
  options.samples = wishes.samples;
  program::Magnitudes sizes;
  const program::Program program = compile::compile(graph, options, &sizes);
  const std::string report = compile::report(program) + compile::failure_text(compile::failure_of(program, sizes));
  return {program::write_program(program), message::write_client_spec(program.client), report};
}

}  // namespace obscura
