// Compiled once for each of the programs (cli/tiers.h), with OBSCURA_TIER saying which.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <string_view>

#include "cli/hardening.h"
#include "cli/tiers.h"
#include "cli/verbs.h"

namespace obscura::cli {
namespace {

using AddVerb = void (*)(CLI::App&);

struct Verb {
  const char* name;
  const char* description;
  Tier tier;    ///< the lightest program that has it
  AddVerb add;  ///< null: this program has not
};

constexpr auto kThisTier = static_cast<Tier>(OBSCURA_TIER);

/// Names no function that is not to be linked.
#define OBSCURA_VERB(name, tier, description)                                                \
  Verb {                                                                                     \
#name, description, Tier::tier,                                                          \
        has_verbs(kThisTier, Tier::tier, OBSCURA_SERVICE != 0) ? add_##name##_verb : nullptr \
  }

constexpr Verb kVerbs[] = {
    OBSCURA_VERB(demo, networks, "Shows digits classified by a server that cannot see them"),
    OBSCURA_VERB(compile, networks, "Server: makes a program that runs on ciphertexts of a network, and shows it"),
    OBSCURA_VERB(keygen, files, "Owner: makes a secret key, and the keys that the server computes with"),
    OBSCURA_VERB(encrypt, files, "Owner: encrypts an image (batched keys: many images) as one query"),
    OBSCURA_VERB(classify, files, "Server: runs the network on a query that it cannot read"),
    OBSCURA_VERB(decrypt, files, "Owner: reads an answer: the best classes with their confidences"),
    OBSCURA_VERB(inspect, files, "Says what a file is: kind, version, program, parameters, security, whose"),
    OBSCURA_VERB(evaluate, networks, "Classifies test images plain and encrypted: accuracy, time, sizes"),
    OBSCURA_VERB(data, networks, "Data sets: show, fetch, check, and digits drawn by the program itself"),
    OBSCURA_VERB(train, learning, "Trains a network that can run on encrypted images, and writes it as ONNX"),
    OBSCURA_VERB(convert, learning,
                 "Makes a network with ReLU one that can run on encrypted images, retrained against it"),
    OBSCURA_VERB(protect, networks, "Images as pictures that networks can learn from (no encryption)"),
    OBSCURA_VERB(reveal, networks, "Protected images back to what they were, with the owner's key"),
    OBSCURA_VERB(chunks, files, "What selective encryption would encrypt of a picture, drawn over it"),
    OBSCURA_VERB(index, networks, "Puts pictures into a gallery that can be searched"),
    OBSCURA_VERB(search, networks, "Finds pictures like one that the gallery's server does not see"),
    OBSCURA_VERB(serve, server, "Server: models and galleries over a network, for clients of any kind (KServe v2)"),
    OBSCURA_VERB(token, server, "Server: tokens of those who may ask: create, list, revoke"),
    OBSCURA_VERB(remote, remote, "Owner: classifies and finds pictures at a server that cannot see them"),
    OBSCURA_VERB(audit, networks,
                 "What is promised, tested as an attacker would: parameters, noise, randomness, shields"),
    OBSCURA_VERB(reproduce, learning, "Repeats the tables of a paper on protected images, with a report"),
    OBSCURA_VERB(bench, networks, "Times the engine and a network on this machine, on one thread"),
};

#undef OBSCURA_VERB

/// Those that have keys, passphrases or an owner's pictures in memory.
constexpr std::string_view kHoldSecrets[] = {"demo",   "keygen", "encrypt", "decrypt", "inspect", "evaluate", "protect",
                                             "reveal", "index",  "search",  "remote",  "train",   "audit"};

}  // namespace

void add_verbs(CLI::App& app) {
  for (const Verb& verb : kVerbs) {
    CLI::App& subcommand = *app.add_subcommand(verb.name, verb.description);
    if (verb.add != nullptr) {
      verb.add(subcommand);
      // The server of mode trusted decrypts what it gets.
      if (kThisTier == Tier::trusted || std::ranges::find(kHoldSecrets, verb.name) != std::end(kHoldSecrets)) {
        subcommand.preparse_callback([](std::size_t /*words*/) { keep_secrets_in(); });
      }
    } else {
      add_elsewhere(subcommand, verb.tier);
    }
  }
}

}  // namespace obscura::cli
