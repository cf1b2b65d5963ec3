#pragma once

#include <string>

namespace obscura::serve {

/// Now, for logs: "2024-05-01T12:00:00.123Z" (RFC 3339).
std::string utc_now();

}  // namespace obscura::serve
