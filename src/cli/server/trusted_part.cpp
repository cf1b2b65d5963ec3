#include "cli/server/trusted_part.h"

#include "study/serving/trusted_pictures.h"

namespace obscura::cli {

std::shared_ptr<serve::TrustedPictures> trusted_part(const std::filesystem::path& network) {
  return study::trusted_pictures(network);
}

}  // namespace obscura::cli
