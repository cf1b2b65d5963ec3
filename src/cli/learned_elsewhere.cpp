// For the program that has no LibTorch: what was learned is read in the one that has.
#include "cli/learned.h"
#include "cli/tiers.h"

namespace obscura::cli {

void evaluate_pictures(const study::PictureEvaluation& /*evaluation*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

void protect_model(const std::filesystem::path& /*model*/, const study::KeyOptions& /*key*/,
                   const std::filesystem::path& /*data*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

void reveal_learned(const RevealArguments& /*reveal*/, const Printing& /*printing*/) {
  continue_in(Tier::learning);
}

}  // namespace obscura::cli
