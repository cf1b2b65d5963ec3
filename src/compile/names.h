#pragma once

#include "message/client_spec.h"
#include "program/program.h"

/// What the compiler makes are programs: it calls their parts by their own names.
namespace obscura::compile {

using namespace program;
using message::ClientSpec;
using message::Mode;

}  // namespace obscura::compile
