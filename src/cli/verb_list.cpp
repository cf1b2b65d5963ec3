#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string>

#include "cli/verbs.h"

namespace obscura::cli {
namespace {

struct Verb {
  const char* name;
  const char* description;
};

constexpr std::array kVerbs{
    Verb{"demo", "Shows digits classified by a server that cannot see them"},
    Verb{"compile", "Server: makes a program that runs on ciphertexts of a network, and shows it"},
    Verb{"keygen", "Owner: makes a secret key, and the keys that the server computes with"},
    Verb{"encrypt", "Owner: encrypts an image (batched keys: many images) as one query"},
    Verb{"classify", "Server: runs the network on a query that it cannot read"},
    Verb{"decrypt", "Owner: reads an answer: the best classes with their confidences"},
    Verb{"inspect", "Says what a file is: kind, version, program, parameters, security, whose"},
    Verb{"evaluate", "Classifies test images plain and encrypted: accuracy, time, sizes"},
    Verb{"data", "Data sets: show, fetch, check, and digits drawn by the program itself"},
    Verb{"train", "Trains a network that can run on encrypted images, and writes it as ONNX"},
    Verb{"protect", "Images as pictures that networks can learn from (no encryption)"},
    Verb{"reveal", "Protected images back to what they were, with the owner's key"},
    Verb{"audit", "What an attacker gets of protected images"},
    Verb{"reproduce", "Repeats the tables of a paper on protected images, with a report"},
    Verb{"bench", "Times the engine and a network on this machine, on one thread"},
};

}  // namespace

CLI::App* add_verb(CLI::App& app, const char* name) {
  const std::string wanted = name;
  const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& v) { return wanted == v.name; });
  return app.add_subcommand(wanted, verb == kVerbs.end() ? "" : verb->description);
}

void add_elsewhere(CLI::App& app, const char* name, Tier tier) {
  auto* verb = add_verb(app, name);
  verb->prefix_command();
  verb->set_help_flag();
  verb->callback([tier] { continue_in(tier); });
}

}  // namespace obscura::cli
