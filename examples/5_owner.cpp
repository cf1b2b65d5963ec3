// Chapter 5, the owner: a process that holds the secret, knows no network and shares nothing but files.
//
//   5_owner keys    client.spec KEYS         makes the folder KEYS; KEYS/evaluation.key goes to the server
//   5_owner encrypt KEYS query.ct            a picture for the server
//   5_owner read    KEYS answer.ct           what it says
#include <obscura/owner.h>

#include <cstdio>
#include <string>

#include "digit.h"
#include "files.h"

int main(int argc, char** argv) try {
  const std::string step = argc == 4 ? argv[1] : "";
  if (step == "keys") {
    obscura::Owner owner(load(argv[2]));
    owner.save(argv[3]);  // all files or none, the secret for its owner's eyes only
    std::printf("keys for %s in %s\n", owner.network().name.c_str(), argv[3]);
  } else if (step == "encrypt") {
    auto owner = obscura::Owner::open(argv[2]);
    store(argv[3], owner.encrypt(picture_of_a_seven()));  // the folder keeps a record of the query
  } else if (step == "read") {
    auto owner = obscura::Owner::open(argv[2]);
    const auto prediction = owner.read(load(argv[3])).front();
    std::printf("%s\n", prediction.label.c_str());
    std::fprintf(stderr, "%llu answers decrypted with this key\n",
                 static_cast<unsigned long long>(owner.decryptions()));
  } else {
    std::fprintf(stderr, "usage: %s keys SPEC KEYS | encrypt KEYS QUERY | read KEYS ANSWER\n", argv[0]);
    return 2;
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
