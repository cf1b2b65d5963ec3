#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "audit/pairs/nibble_key.h"
#include "shield/shield.h"

/// What attacks must fail on.
namespace obscura::audit {

/// Fills a buffer with bytes of a ciphertext of the image.
using Encrypt = std::function<void(const image::Image& image, std::span<std::uint8_t> out)>;

/// In place of a shield: an encryption, its bytes arranged as a picture such as the shield would have made of the
/// image, so that every attack on the shield can be run on it. Bytes become samples from -1 to 1 where the shield makes
/// real ones. `shield` is asked for the shape only.
Oracle control(const shield::Shield& shield, Encrypt encrypt);

/// The stream cipher ChaCha20 with a nonce an image, which counts up from call to call: not thread-safe.
Encrypt chacha20(const shield::Seed& key);

}  // namespace obscura::audit
