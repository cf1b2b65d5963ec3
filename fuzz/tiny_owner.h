#pragma once

#include <memory>

#include "fuzz/reader.h"
#include "message/client_spec.h"
#include "owner/owner.h"

/// An owner of the smallest ring there is, with the same key in every run, and answers of a server whose network hands
/// back what it is given.
namespace obscura::fuzz {

/// A picture of four pixels, of which the first and the last are logits.
message::ClientSpec tiny_client(message::Mode mode);
std::shared_ptr<const owner::Owner> tiny_owner(message::ClientSpec client);
/// The picture that is asked about.
std::vector<std::vector<float>> tiny_images(message::Mode mode);
/// With an id that is the same in every run.
message::Answer echo(const owner::Owner& owner, const message::Query& query);
message::Ticket tiny_ticket(message::Mode mode);

}  // namespace obscura::fuzz
