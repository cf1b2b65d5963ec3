// Chapter 7: a picture classified by a server over a network.
//
//   obscura serve --models net/ --state state/ --listen 127.0.0.1:8080 &
//   obscura token create --state state/ --tenant me > token
//   7_remote http://127.0.0.1:8080 token [KEYS]
//
// The secret key is made here and stays here: the server gets the evaluation keys once, and then queries that it cannot
// read. Its answers are checked field by field before anything is decrypted.
#include <obscura/owner.h>
#include <obscura/remote.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "digit.h"

/// The keys of the folder, or new ones for the program that the server runs now.
obscura::Owner owner_for(obscura::Remote& server, const obscura::RemoteModel& model, const std::string& folder) {
  if (!folder.empty() && std::filesystem::exists(folder)) return obscura::Owner::open(folder);
  obscura::Owner owner(server.client_spec(model.name));
  if (!folder.empty()) owner.save(folder);
  return owner;
}

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s URL TOKEN_FILE [KEYS]\n", argv[0]);
    return 2;
  }
  std::string token;
  std::ifstream(argv[2]) >> token;

  obscura::RemoteOptions options;
  options.progress = [](std::uint64_t done, std::uint64_t total) {
    std::fprintf(stderr, "keys: %llu of %llu bytes sent\n", static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(total));
  };
  obscura::Remote server(argv[1], token, options);

  const auto models = server.models();
  if (models.empty()) throw obscura::UsageError("the server has no models");
  auto owner = owner_for(server, models.front(), argc > 3 ? argv[3] : "");

  // Where the server does not know the keys, they are sent by themselves.
  const auto prediction = server.classify(owner, models.front().name, picture_of_a_seven());
  std::printf("%s\n", prediction.label.c_str());
  std::fprintf(stderr, "%.1f %% sure, says %s%s%s\n", 100 * prediction.confidence, models.front().name.c_str(),
               prediction.doubt.empty() ? "" : "; doubtful: ", prediction.doubt.c_str());
  return 0;
} catch (const obscura::RemoteError& e) {
  // What can be acted on has a code: "unauthenticated", "overloaded", "unreachable", ...
  std::fprintf(stderr, "%s (%s)\n", e.what(), e.code().c_str());
  return 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
