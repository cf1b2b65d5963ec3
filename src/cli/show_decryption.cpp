#include "cli/show_decryption.h"

#include <fmt/format.h>

#include <string>

namespace obscura::cli {

void show_images(const study::Decryption& d, std::size_t top) {
  for (std::size_t i = 0; i < d.readings.size(); ++i) {
    const owner::Reading& reading = d.readings[i];
    std::string line = d.readings.size() == 1 ? "" : fmt::format("{:>4}  {}:  ", i, d.title(i));
    if (reading.trust == owner::Trust::failed) {
      if (d.readings.size() > 1) fmt::print("{}no answer\n", line);
      continue;
    }
    for (const study::Guess& guess : study::best_guesses(d.client, reading.logits, top)) {
      line += fmt::format("{} {:.2f} %   ", d.labels[guess.index], 100 * guess.confidence);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}{}\n", line, reading.trust == owner::Trust::doubtful ? "   (doubtful)" : "");
  }
}

}  // namespace obscura::cli
