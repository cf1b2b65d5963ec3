#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/console.h"
#include "cli/from_network.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "report/text.h"
#include "study/inspection.h"

namespace fs = std::filesystem;

namespace obscura::cli {

void add_inspect_verb(CLI::App& verb) {
  struct Arguments {
    fs::path file;
    bool json = false;
  };
  const auto args = std::make_shared<Arguments>();
  verb.add_option("file", args->file, "Any file of obscura")->required()->group(kFiles);
  add_json(verb, args->json);
  verb.footer("Example:\n  obscura inspect net/client.spec");
  verb.callback([args] {
    const auto found = study::inspect(args->file, summary_of_network);
    if (args->json) {
      print_json(found.json());
    } else {
      fmt::print("{}, {}\n{}", args->file.string(), report::bytes_text(size_of(args->file)), found.text());
    }
  });
}

}  // namespace obscura::cli
