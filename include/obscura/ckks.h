#pragma once

// The scheme by itself: parameters, encoder, evaluator (component `client`, which has both halves of it).
#include "ckks/context.h"
#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/keys.h"
#include "ckks/parameters.h"
#include "ckks/public_encryptor.h"
#include "ckks/wire.h"
#include "secret/decryptor.h"
#include "secret/encryptor.h"
#include "secret/secret_key.h"
