#pragma once

// Attacks on shields by algebra, and how good what they recover is (component `attacks`).
#include "audit/pairs/hill_key.h"
#include "audit/scene/quality.h"
