#pragma once

// Linear algebra and polynomials on ciphertexts (component `server`).
#include "circuits/batched_product.h"
#include "circuits/block_transform.h"
#include "circuits/linear_transform.h"
#include "circuits/polynomial.h"
#include "circuits/rotation_sum.h"
