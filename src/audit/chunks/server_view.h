#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/image.h"
#include "message/chunked.h"
#include "message/messages.h"

/// What selective encryption of pictures in chunks shows to a server.
namespace obscura::audit {

/// All that a server reads in the query of one picture, but for the ciphertexts' own bytes, which tell nothing
/// (IND-CPA). Attacks on chunks read this and nothing else. A regular type.
struct ServerView {
  /// The map: k + 1 of every encrypted chunk k, -(k + 1) of every plain one, in order. Empty: the policy sends none.
  std::vector<std::int32_t> indices;
  std::vector<image::Image> plain;  ///< grey, of every negative index, in order; narrower at the picture's edges
  std::size_t ciphertexts = 0;
  std::size_t bytes = 0;  ///< of all that is sent
  friend bool operator==(const ServerView&, const ServerView&) = default;
};

/// The view of a query that is `bytes` long, of grey pictures. Throws MismatchError for pictures of several channels,
/// and for a query whose plain pixels are not as many as its map says.
ServerView server_view(const message::Chunked& chunked, const Preprocessing& how, const message::Query& query,
                       std::size_t bytes);

/// Of every chunk whether its pixels are in the view.
std::vector<bool> plain_chunks(const Chunking& cut, const ServerView& view);

/// The picture as the server can put it together: grey, what is not in the view `blank`. Throws MismatchError for a
/// view of another cut.
image::Image seen_picture(const Chunking& cut, const ServerView& view, std::uint8_t blank = 128);

}  // namespace obscura::audit
