// Chapter 5, the server: a process that holds the network and no secret; what it links cannot decrypt.
//
//   5_server server.program evaluation.key query.ct answer.ct
#include <obscura/server.h>

#include <cstdio>

#include "files.h"

int main(int argc, char** argv) try {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s PROGRAM EVALUATION_KEYS QUERY ANSWER\n", argv[0]);
    return 2;
  }
  obscura::Server server(load(argv[1]));
  const auto owner = server.add_keys(load(argv[2]));
  store(argv[4], server.answer(owner, load(argv[3])));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
