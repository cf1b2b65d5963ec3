#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "ckks/keys.h"
#include "ckks/parameters.h"
#include "nn/graph.h"

/// How large keys are, by ring and modulus: computed from the wire format (ckks/wire.h) without making any, since those
/// of the largest rings are gigabytes.
namespace obscura::study {

/// Bytes of the files, to the last one. Preconditions: sound parameters; limbs of the request within them.
std::size_t secret_key_bytes(const ckks::Parameters& parameters);
std::size_t public_key_bytes(const ckks::Parameters& parameters);
std::size_t evaluation_key_bytes(const ckks::Parameters& parameters, const ckks::KeyRequest& request);

/// The rotations that SEAL and TenSEAL make keys for unless told otherwise: by every power of two, both ways, and the
/// conjugation; any other rotation is put together of these.
ckks::KeyRequest usual_rotations(const ckks::Parameters& parameters);

/// Sizes at the parameters that papers with TenSEAL take: SEAL's usual chains for N from 4096 to 32768, and the
/// tutorial's chain of 31, six times 26 and 31 bits where it fits. A list of {log_n, bits, log_qp, security_bits,
/// tutorial, slots, secret_key, public_key, relinearisation_key, rotation_key, rotation_keys, rotation_keys_bytes}.
nlohmann::ordered_json paper_key_sizes();

/// Sizes of the keys that programs of a network of chunks ask for: of one chunk alone, and of the picture by each
/// policy that the network has. A list of {image, what, log_n, log_qp, security_bits, primes, rotation_keys,
/// secret_key, public_key, evaluation_keys, problem}. Precondition: a network of chunks.
nlohmann::ordered_json program_key_sizes(const nn::Graph& graph);

}  // namespace obscura::study
