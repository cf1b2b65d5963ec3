#include <memory>

#include "base/error.h"
#include "base/printable.h"
#include "calls.h"
#include "fetch_session.h"
#include "objects.h"
#include "parts.h"

namespace obscura::web {
namespace {

constexpr std::size_t kIdBytes = 16;

Objects<FetchSession>& sessions() {
  static Objects<FetchSession> all("fetcher");
  return all;
}

void put_card(const search::GalleryCard& card, ByteWriter& out) {
  const auto shape = card.shape();
  for (std::size_t i = 0; i < kIdBytes; ++i) {
    out.u8(static_cast<std::uint8_t>(std::stoi(card.gallery.id.substr(2 * i, 2), nullptr, 16)));
  }
  out.u64(static_cast<std::uint64_t>(card.gallery.version));
  put_count(out, card.taken.size());
  put_count(out, card.images());
  put_count(out, card.form.dimension);
  out.f64(static_cast<double>(shape.hint_bytes()));
  out.f64(static_cast<double>(search::kFetchCount * (shape.query_bytes() + shape.answer_bytes())));
  put_count(out, card.form.classes.size());
  for (const auto& name : card.form.classes) out.text(printable(name));
  out.text(printable(card.form.source));
}

void put_found(const FetchSession::Found& found, ByteWriter& out) {
  const auto& [name, label, thumbnail] = found.image;
  put_count(out, found.place);
  out.text(printable(name));
  out.u32(static_cast<std::uint32_t>(static_cast<std::int32_t>(label)));
  out.text(printable(found.class_name));
  for (const std::size_t side : {thumbnail.width, thumbnail.height, thumbnail.channels}) put_count(out, side);
  put_bytes(out, thumbnail.pixels);
}

void put_nearest(const FetchSession& session, ByteReader& in, ByteWriter& out) {
  const std::size_t top = in.u32(), count = in.u32();
  if (count > in.left() / sizeof(double)) in.fail("is truncated");
  std::vector<double> said(count);
  for (double& number : said) number = in.f64();
  const auto nearest = session.nearest(said, top);
  put_count(out, nearest.size());
  for (const auto& one : nearest) put_count(out, one.place), out.f64(one.distance);
}

void put_request(FetchSession& session, ByteReader& in, ByteWriter& out) {
  std::vector<std::size_t> places(std::min<std::size_t>(in.u32(), search::kFetchCount + 1));
  for (auto& place : places) place = in.u32();
  out.bytes() = session.ask(places);
}

}  // namespace

bool free_fetcher(std::uint32_t object) {
  return sessions().remove(object);
}

void do_fetch_call(Call call, std::uint32_t object, ByteReader& in, ByteWriter& out) {
  if (call == Call::create_fetcher) {
    return out.u32(sessions().add(std::make_unique<FetchSession>(in.raw(in.left()))));
  }
  if (call == Call::gallery_facts && object == 0) return put_card(FetchSession(in.raw(in.left())).card(), out);
  FetchSession& session = sessions().at(object);
  switch (call) {
    case Call::gallery_facts:
      return put_card(session.card(), out);
    case Call::set_hint:
      return session.set_hint(in.raw(in.left()));
    case Call::ask:
      return put_request(session, in, out);
    case Call::nearest:
      return put_nearest(session, in, out);
    default: {
      const auto found = session.read(in.raw(in.left()));
      put_count(out, found.size());
      for (const auto& one : found) put_found(one, out);
    }
  }
}

}  // namespace obscura::web
