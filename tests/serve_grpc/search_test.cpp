#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "nn/reference.h"
#include "search/gallery.h"
#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/records.h"
#include "serve_grpc/house.h"

namespace obscura::serve {
namespace {

using namespace testing;
using ::testing::ElementsAre;

constexpr std::size_t kDimension = 16, kImages = 300;

search::GalleryImage picture(std::size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::normal_distribution<float> normal;
  search::GalleryImage made{"image " + std::to_string(n), 0, {}, {}};
  float length = 0;
  for (std::size_t k = 0; k < kDimension; ++k) {
    made.vector.push_back(normal(random));
    length += made.vector[k] * made.vector[k];
  }
  for (float& v : made.vector) v /= std::sqrt(length);
  made.thumbnail = search::thumbnail_bytes(image::Image(1, 8, 8));
  return made;
}

/// A service with one gallery, "pictures", and a tenant's client.
class GalleryHouse {
 public:
  GalleryHouse() : service_(with_gallery(place_)), front_(service_, {}), token_(place_.token("alice").bearer) {
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(front_.port()), grpc::InsecureChannelCredentials());
    search = v1::Search::NewStub(channel_);
    keys = v1::Keys::NewStub(channel_);
  }

  void show(grpc::ClientContext& context) const { context.AddMetadata("authorization", "Bearer " + token_); }
  std::string keys_alone() const { return place_.token("alice", static_cast<Scopes>(Scope::keys)).bearer; }

  /// A unary call of the search service.
  template <typename Request, typename Reply>
  std::string ask(grpc::Status (v1::Search::Stub::*call)(grpc::ClientContext*, const Request&, Reply*),
                  const Request& request, Reply& reply) const {
    grpc::ClientContext context;
    show(context);
    const auto status = (search.get()->*call)(&context, request, &reply);
    return status.ok() ? "ok" : trailer(context, "obscura-code");
  }

  /// The hint from an offset on; chunks have to follow each other.
  std::string hint(std::int64_t version, std::uint64_t offset, std::string& bytes, v1::HintChunk& first) const {
    grpc::ClientContext context;
    show(context);
    v1::HintRequest request;
    request.set_name("pictures");
    request.set_version(version);
    request.set_offset(offset);
    const auto stream = search->Hint(&context, request);
    v1::HintChunk chunk;
    while (stream->Read(&chunk)) {
      if (first.total() == 0) first = chunk;
      EXPECT_EQ(chunk.offset(), offset + bytes.size());
      EXPECT_LE(chunk.data().size(), std::size_t{256} << 10);
      bytes += chunk.data();
    }
    const auto status = stream->Finish();
    return status.ok() ? "ok" : trailer(context, "obscura-code");
  }

  std::unique_ptr<v1::Search::Stub> search;
  std::unique_ptr<v1::Keys::Stub> keys;

 private:
  static Service::Options with_gallery(const Place& place) {
    search::GalleryForm form;
    form.kind = search::VectorKind::unit, form.dimension = kDimension;
    form.thumbnail_bytes = search::most_thumbnail_bytes(1);
    form.network = std::string(64, 'a'), form.recipe = "output", form.classes = {"x"};
    auto options = place.options();
    options.galleries = {place.folder() / "pictures"};
    auto gallery = search::Gallery::create(options.galleries.front(), form);
    std::vector<search::GalleryImage> images;
    for (std::size_t n = 0; n < kImages; ++n) images.push_back(picture(n));
    gallery.add(images);
    return options;
  }

  Place place_;
  Service service_;
  GrpcFront front_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
};

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

v1::GalleryRequest named(const std::string& name) {
  v1::GalleryRequest request;
  request.set_name(name);
  return request;
}

search::GalleryCard card_of(const GalleryHouse& house) {
  v1::File file;
  EXPECT_EQ(house.ask(&v1::Search::Stub::Card, named("pictures"), file), "ok");
  return search::read_card(bytes_of(file.data()));
}

TEST(GrpcSearch, TellsWhatGalleriesThereAre) {
  const GalleryHouse house;
  v1::GalleryList list;
  ASSERT_EQ(house.ask(&v1::Search::Stub::Galleries, v1::GalleriesRequest(), list), "ok");
  ASSERT_EQ(list.galleries_size(), 1);
  EXPECT_EQ(list.galleries(0).name(), "pictures");
  EXPECT_EQ(list.galleries(0).images(), kImages);
  EXPECT_THAT(list.galleries(0).modes(), ElementsAre("blind-features"));
  v1::GalleryFacts facts;
  EXPECT_EQ(house.ask(&v1::Search::Stub::Gallery, named("pictures"), facts), "ok");
  EXPECT_EQ(facts.SerializeAsString(), list.galleries(0).SerializeAsString());
  EXPECT_EQ(house.ask(&v1::Search::Stub::Gallery, named("none"), facts), "not_found");
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + house.keys_alone());
  EXPECT_EQ(house.search->Galleries(&context, {}, &list).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST(GrpcSearch, FindsWhatIsNearest) {
  const GalleryHouse house;
  const auto card = card_of(house);
  const search::ScoreOwner owner(card.plan());
  const auto question = search::random_question();
  const Bytes asked = search::write_gallery_query(
      *owner.context(), {card.gallery, owner.key().id(), question, owner.encrypt(picture(123).vector)});
  v1::GalleryQuery query;
  v1::File answer;
  query.set_name("pictures");
  query.set_query(asked.data(), asked.size());
  EXPECT_EQ(house.ask(&v1::Search::Stub::Scores, query, answer), "keys_unknown");

  const Bytes keys = ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys());
  grpc::ClientContext context;
  house.show(context);
  v1::KeyStatus status;
  const auto writer = house.keys->Upload(&context, &status);
  for (std::size_t at = 0; at < keys.size(); at += 200'000) {
    v1::KeyChunk chunk;
    chunk.set_hash(hash_text(keys));
    chunk.set_total(keys.size());
    chunk.set_offset(at);
    chunk.set_data(keys.data() + at, std::min<std::size_t>(200'000, keys.size() - at));
    if (!writer->Write(chunk)) break;
  }
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(status.models(), ElementsAre("gallery:pictures"));

  ASSERT_EQ(house.ask(&v1::Search::Stub::Scores, query, answer), "ok");
  const auto read = search::read_gallery_answer(*owner.context(), card.gallery, bytes_of(answer.data()));
  const auto scores = owner.read(read.scores, card.taken.size());
  EXPECT_EQ(std::ranges::max_element(scores) - scores.begin(), 123);
  query.set_query("no query");
  EXPECT_EQ(house.ask(&v1::Search::Stub::Scores, query, answer), "bad_request");
}

TEST(GrpcSearch, HintsGoOnAndFetchUnseen) {
  const GalleryHouse house;
  const auto card = card_of(house);
  std::string whole, rest, none;
  v1::HintChunk first, second, third;
  ASSERT_EQ(house.hint(card.gallery.version, 0, whole, first), "ok");
  EXPECT_EQ(first.total(), whole.size());
  EXPECT_EQ(hash_text(bytes_of(whole)), first.hash());
  const std::uint64_t half = whole.size() / 2;
  ASSERT_EQ(house.hint(0, half, rest, second), "ok");
  EXPECT_EQ(rest, whole.substr(half));
  EXPECT_EQ(second.hash(), first.hash());
  EXPECT_EQ(house.hint(0, whole.size(), none, third), "ok");
  EXPECT_EQ(none, "");
  EXPECT_EQ(house.hint(0, whole.size() + 1, none, third), "bad_request");
  EXPECT_EQ(house.hint(card.gallery.version + 1, 0, none, third), "not_found");

  const auto shape = card.shape();
  const auto hint = search::read_hint(card.gallery, shape, bytes_of(whole));
  search::FetchOwner fetcher(shape, hint.seed);
  const std::vector<std::size_t> places = {77};
  const Bytes asked = search::write_fetch_request({card.gallery, search::random_question(), fetcher.ask(places)});
  v1::GalleryQuery query;
  v1::File answer;
  query.set_name("pictures");
  query.set_query(asked.data(), asked.size());
  ASSERT_EQ(house.ask(&v1::Search::Stub::Fetch, query, answer), "ok");
  const auto back = search::read_fetch_reply(card.gallery, shape, bytes_of(answer.data()));
  EXPECT_EQ(search::read_record(fetcher.read(hint, back.answers)[0]).name, "image 77");
}

}  // namespace
}  // namespace obscura::serve
