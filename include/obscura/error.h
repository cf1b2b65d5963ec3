#pragma once

// obscura::Error and its children: what everything here throws, and nothing else does.
#include "base/error.h"
