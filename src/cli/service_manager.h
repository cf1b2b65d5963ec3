#pragma once

#include <string_view>

namespace obscura::cli {

/// Says so to systemd, where it asked to be told by $NOTIFY_SOCKET (sd_notify(3)): "READY=1", "STOPPING=1". Does
/// nothing elsewhere, and fails silently: nobody is served worse for it. Thread-safe.
void tell_service_manager(std::string_view state);

}  // namespace obscura::cli
