// Chapter 4: an ONNX network classifies a picture that it cannot see.
//
//   4_network models/tenseal-mnist.onnx
#include <obscura/compile.h>
#include <obscura/owner.h>
#include <obscura/server.h>

#include <cstdio>

#include "digit.h"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s NETWORK.onnx\n", argv[0]);
    return 2;
  }
  // Once, at the server: parameters, levels, scales and layouts are chosen, none is asked for.
  const obscura::Compiled net = obscura::compile_network(argv[1]);
  std::printf("%s\n", net.report.c_str());
  obscura::Server server(net.program);

  // The owner sees client_spec and no weight.
  obscura::Owner owner(net.client_spec);
  const auto id = server.add_keys(owner.evaluation_keys());

  // One picture: encrypted here, classified there, read here.
  const auto query = owner.encrypt(picture_of_a_seven());
  const auto answer = server.answer(id, query);
  const auto prediction = owner.read(answer).front();
  std::printf("%zu bytes up, %zu bytes down: it is a %s (%.2f %%)\n", query.size(), answer.size(),
              prediction.label.c_str(), 100 * prediction.confidence);
  if (!prediction.doubt.empty()) std::printf("but: %s\n", prediction.doubt.c_str());
  return prediction.label == "7" ? 0 : 1;
} catch (const obscura::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
