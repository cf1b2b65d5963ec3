// For the program that reads no networks.
#include "cli/remote/remote_verbs.h"
#include "cli/tiers.h"

namespace obscura::cli {

void run_remote_search(const RemoteSearchArguments& /*arguments*/) {
  continue_in(Tier::networks);
}

}  // namespace obscura::cli
