#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/notes.h"
#include "remote/remote.h"
#include "search/messages.h"
#include "study/images/query_images.h"
#include "study/search/search.h"

namespace obscura::study {

/// What a search in mode trusted gave. The server saw the picture and chose what it found.
struct TrustedFound {
  std::vector<SearchHit> hits;
  std::vector<std::string> notes;  ///< what was done to the picture
  SearchBytes bytes;
  image::Image seen;  ///< what the server has of the picture: all of it
};

/// Asks a gallery in mode trusted, with a key pair of this one question. `card`: the gallery's; the answer is checked
/// against it. Throws MismatchError for an answer that is not of this question or gallery, RemoteError, and as reading
/// pictures does.
TrustedFound ask_trusted(remote::Remote& remote, const std::string& gallery, const search::GalleryCard& card,
                         const QueryPicture& picture, const PictureFit& fit, std::uint32_t top);

}  // namespace obscura::study
