#include "study/search/blind_files.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "program/program_wire.h"
#include "report/text.h"
#include "search/messages.h"
#include "study/search/blind.h"
#include "study/search/vectors.h"

namespace fs = std::filesystem;

namespace obscura::study {

SearchFiles compile_blind(const fs::path& folder, const fs::path& network_file) {
  auto gallery = search::Gallery::open(folder);
  const auto state = gallery.state();
  const auto vectors = gallery.vectors();
  if (!(gallery.state() == state)) throw IoError(folder.string() + " is being changed: try again when that has ended");
  if (state.images == 0) throw UsageError(folder.string() + " is an empty gallery: index pictures first");
  const VectorNetwork network(network_file, gallery.form());
  if (network.digest() != gallery.form().network) {
    throw MismatchError(fmt::format("{} is not the network of the gallery (SHA-256 {}...)", network_file.string(),
                                    gallery.form().network.substr(0, 16)));
  }
  const auto program =
      blind_program(network.graph(), gallery.form(), vectors, search::blind_program_name({state.id, state.version}));
  const fs::path file = folder / kBlindFolder / kBlindProgramFile;
  const auto bytes = program::write_program(program);
  fs::create_directories(file.parent_path());
  write_file(file, bytes);
  return {{file},
          {fmt::format("{}  {}", file.string(), report::bytes_text(bytes.size())),
           fmt::format("mode blind over {} images, of version {} alone: compile again when the gallery changes",
                       state.images, state.version)}};
}

}  // namespace obscura::study
