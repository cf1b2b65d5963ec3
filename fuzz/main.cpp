// A libFuzzer program for one reader: OBSCURA_FUZZ_READER names the function that makes it.
//   fuzz_NAME --seeds=FOLDER   writes its seeds and ends       fuzz_NAME --most-bytes   says how long inputs should be
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "fuzz/mutate.h"
#include "fuzz/readers.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace obscura::fuzz {
namespace {

const Reader& the_reader() {
  static const Reader reader = OBSCURA_FUZZ_READER();
  return reader;
}

int write_seeds(const std::string& folder) {
  std::size_t number = 0;
  for (const Bytes& seed : the_reader().seeds) {
    std::ofstream out(folder + "/seed" + std::to_string(number++), std::ios::binary);
    out.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    if (!out.flush()) {
      std::fprintf(stderr, "seeds cannot be written to %s\n", folder.c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::string argument = (*argv)[i];
    const std::string seeds = "--seeds=";
    if (argument.starts_with(seeds)) std::exit(write_seeds(argument.substr(seeds.size())));
    if (argument == "--most-bytes") {
      std::printf("%zu\n", the_reader().most_bytes);
      std::exit(0);
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    run(the_reader(), {data, size});
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "FAULT: %s\n", fault.what());
    std::abort();
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  Random random(seed);
  Bytes input(data, data + size);
  const auto change = [&](Bytes& bytes) {
    // What is around these bytes stays.
    const std::size_t around = input.size() - std::min(input.size(), bytes.size());
    const std::size_t before = bytes.size(), room = std::max(before, most - std::min(most, around));
    bytes.resize(std::max<std::size_t>(room, 1));
    bytes.resize(LLVMFuzzerMutate(bytes.data(), before, bytes.size()));
  };
  change_sealed(the_reader().seal, input, change, random);
  if (input.size() > most) input.resize(most);
  std::copy(input.begin(), input.end(), data);
  return input.size();
}

}  // namespace obscura::fuzz
