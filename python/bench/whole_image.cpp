// One picture from owner to server and back by the C++ library, for whole_image.py to compare with.
// usage: whole_image SERVER.PROGRAM PIXELS ROUNDS    prints, a line a round, its milliseconds and those of all
// processors
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

#include "obscura/owner.h"
#include "obscura/server.h"

namespace {

std::vector<std::uint8_t> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    obscura::Server server(read(argv[1]));
    obscura::Owner owner(server.client_spec());
    const auto id = server.add_keys(owner.evaluation_keys());
    const auto facts = owner.network();
    const obscura::Pixels picture{facts.width, facts.height, facts.channels, read(argv[2])};
    for (int i = 0; i < std::atoi(argv[3]); ++i) {
      const auto start = std::chrono::steady_clock::now();
      const std::clock_t before = std::clock();
      const auto predictions = owner.read(server.answer(id, owner.encrypt(picture)));
      const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
      std::printf("%.6f %.6f\n", spent.count(), 1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
      if (predictions.size() != 1) return 1;
    }
  } catch (const obscura::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
