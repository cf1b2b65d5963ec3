#pragma once

// Keyed transforms that a network can still learn from, and pictures (component `shield`). None is encryption in the
// sense of cryptography: Shield::promise() says what breaks it.
#include "image/image.h"
#include "shield/container.h"
#include "shield/key.h"
#include "shield/shield.h"
