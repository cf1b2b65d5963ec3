// Galleries through the service: encrypted scores, private fetching, and a gallery that changes meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "search/distances.h"
#include "search/gallery.h"
#include "search/messages.h"
#include "search/owner/fetch_owner.h"
#include "search/owner/score_owner.h"
#include "search/records.h"
#include "serve/support.h"

namespace obscura::serve {
namespace {

using namespace testing;
using ::testing::ElementsAre;

constexpr std::size_t kDimension = 24, kImages = 2100;  // more than the slots of one block

search::GalleryImage image_of(std::size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::normal_distribution<float> normal;
  search::GalleryImage made{"image " + std::to_string(n), static_cast<std::int64_t>(n % 3), {}, {}};
  float length = 0;
  for (std::size_t k = 0; k < kDimension; ++k)
    made.vector.push_back(normal(random)), length += made.vector[k] * made.vector[k];
  for (float& v : made.vector) v /= std::sqrt(length);
  image::Image picture(1, 8, 8);
  for (auto& v : picture.pixels) v = static_cast<std::uint8_t>(random());
  made.thumbnail = search::thumbnail_bytes(picture);
  return made;
}

/// A service with one gallery.
class GalleryPlace {
 public:
  GalleryPlace() {
    search::GalleryForm form;
    form.kind = search::VectorKind::unit, form.dimension = kDimension;
    form.thumbnail_bytes = search::most_thumbnail_bytes(1);
    form.network = std::string(64, 'a'), form.recipe = "output", form.classes = {"x", "y", "z"};
    auto gallery = search::Gallery::create(folder(), form);
    std::vector<search::GalleryImage> images;
    for (std::size_t n = 0; n < kImages; ++n) images.push_back(image_of(n));
    gallery.add(images);
  }
  std::filesystem::path folder() const { return place_.folder() / "pictures"; }
  Service::Options options() const {
    auto options = place_.options();
    options.galleries = {folder()};
    return options;
  }
  const Place& place() const { return place_; }

 private:
  Place place_;
};

/// Somebody who searches.
struct Searcher {
  Searcher(Service& service, const Identity& identity)
      : from(service),
        who(identity),
        card(search::read_card(result_of<Bytes>([&](auto done) { service.card(identity, "pictures", done); }))),
        owner(card.plan()) {}

  void send_keys() {
    const Bytes keys = ckks::write_evaluation_keys(*owner.context(), owner.evaluation_keys());
    EXPECT_THAT(put(from, who, hash_text(keys), keys, 0, keys.size()).models, ElementsAre("gallery:pictures"));
  }
  std::vector<float> scores(std::span<const float> vector) {
    const auto question = search::random_question();
    const Bytes sent = search::write_gallery_query(*owner.context(),
                                                   {card.gallery, owner.key().id(), question, owner.encrypt(vector)});
    const Bytes back = result_of<Bytes>([&](auto done) { from.scores(who, "pictures", sent, {}, done); });
    const auto answer = search::read_gallery_answer(*owner.context(), card.gallery, back);
    EXPECT_EQ(answer.question, question);
    return owner.read(answer.scores, card.taken.size());
  }

  Service& from;
  Identity who;
  search::GalleryCard card;
  search::ScoreOwner owner;
};

TEST(ServedGallery, FindsWhatIsNearestAndFetchesItUnseen) {
  const GalleryPlace place;
  Service service(place.options());
  const auto who = service.identify(place.place().token("a"), Scope::search);
  Searcher searcher(service, who);
  const auto wanted = image_of(1234);
  EXPECT_EQ(code_of([&] { searcher.scores(wanted.vector); }), "keys_unknown");
  searcher.send_keys();
  const auto scores = searcher.scores(wanted.vector);
  const auto best = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  EXPECT_EQ(best, 1234U);
  EXPECT_NEAR(scores[best], 1, 0.05);

  const auto file =
      result_of<StaticFile>([&](auto done) { service.hint(who, "pictures", searcher.card.gallery.version, done); });
  const Bytes hint_bytes = read_file(file.path);
  EXPECT_EQ(hash_text(hint_bytes), file.hash);
  const auto shape = searcher.card.shape();
  const auto hint = search::read_hint(searcher.card.gallery, shape, hint_bytes);
  EXPECT_EQ(hint.seed, searcher.card.hint_seed);
  search::FetchOwner fetcher(shape, hint.seed);
  const std::vector<std::size_t> places = {best, 7};
  const auto question = search::random_question();
  const Bytes ask = search::write_fetch_request({searcher.card.gallery, question, fetcher.ask(places)});
  const Bytes back = result_of<Bytes>([&](auto done) { service.fetch(who, "pictures", ask, {}, done); });
  const auto records = fetcher.read(hint, search::read_fetch_reply(searcher.card.gallery, shape, back).answers);
  EXPECT_EQ(search::read_record(records[0]).name, "image 1234");
  EXPECT_EQ(search::read_record(records[1]).name, "image 7");
}

TEST(ServedGallery, TheHintIsTheSameAfterARestart) {
  const GalleryPlace place;
  const auto hint_of = [&] {
    Service service(place.options());
    const auto who = service.identify(place.place().token("a"), Scope::search);
    const auto version = service.gallery(who, "pictures").version;
    return result_of<StaticFile>([&](auto done) { service.hint(who, "pictures", version, done); });
  };
  const auto first = hint_of();
  EXPECT_EQ(hint_of().hash, first.hash);
  write_file(first.path, std::string_view("damaged"));
  EXPECT_EQ(hint_of().hash, first.hash) << "made again";
  EXPECT_EQ(hash_text(read_file(first.path)), first.hash);
}

TEST(ServedGallery, OneThatChangesIsServedAsItIs) {
  const GalleryPlace place;
  Service service(place.options());
  const auto who = service.identify(place.place().token("a"), Scope::search);
  Searcher before(service, who);
  before.send_keys();
  auto gallery = search::Gallery::open(place.folder(), store::Access::write);
  const std::vector more = {image_of(90'000)};
  gallery.add(more);
  EXPECT_EQ(code_of([&] { before.scores(more[0].vector); }), "bad_request") << "a question for the old version";
  const auto old = before.card.gallery.version;
  EXPECT_EQ(code_of([&] { result_of<StaticFile>([&](auto done) { service.hint(who, "pictures", old, done); }); }),
            "not_found");
  Searcher after(service, who);
  after.send_keys();
  const auto scores = after.scores(more[0].vector);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin()), kImages);
  EXPECT_EQ(service.gallery(who, "pictures").images, kImages + 1);
}

TEST(ServedGallery, RefusesWhatIsNoQuestion) {
  const GalleryPlace place;
  Service service(place.options());
  const auto who = service.identify(place.place().token("a"), Scope::search);
  const auto scores = [&](const std::string& name, const Bytes& bytes) {
    return code_of([&] { result_of<Bytes>([&](auto done) { service.scores(who, name, bytes, {}, done); }); });
  };
  const auto fetch = [&](const Bytes& bytes) {
    return code_of([&] { result_of<Bytes>([&](auto done) { service.fetch(who, "pictures", bytes, {}, done); }); });
  };
  EXPECT_EQ(scores("none", {}), "not_found");
  EXPECT_EQ(scores("pictures", {}), "bad_request");
  EXPECT_EQ(scores("pictures", Bytes(1000, 3)), "bad_request");
  EXPECT_EQ(fetch({}), "bad_request");
  EXPECT_EQ(fetch(Bytes(1000, 3)), "bad_request");
}

/// What a program that holds a secret would give a service.
class Sees final : public TrustedPictures {
 public:
  explicit Sees(std::string network) : network_(std::move(network)) {}
  bool serves(const search::GalleryForm& form) const override { return form.network == network_; }
  Bytes card(const search::GalleryCard& gallery) const override { return bytes("card " + gallery.gallery.id); }
  Bytes answer(const search::GalleryCard& gallery, const std::filesystem::path& folder,
               ckks::ByteSpan question) override {
    if (question.empty()) throw MismatchError("nothing was asked");
    EXPECT_EQ(folder.filename(), "pictures");
    return bytes("answer " + std::to_string(gallery.images()));
  }
  std::size_t max_question_bytes() const override { return 77; }

 private:
  static Bytes bytes(const std::string& text) { return {text.begin(), text.end()}; }
  std::string network_;
};

TEST(ServedGallery, NobodySeesPicturesUnlessThatIsSwitchedOn) {
  const GalleryPlace place;
  const auto ask = [](Service& service, const Identity& who, Bytes question) {
    return result_of<Bytes>([&](auto done) { service.trusted(who, "pictures", std::move(question), {}, done); });
  };
  const auto modes = [&](std::shared_ptr<TrustedPictures> trusted) {
    auto options = place.options();
    options.trusted = std::move(trusted);
    Service service(options);
    const auto who = service.identify(place.place().token("a"), Scope::search);
    const auto facts = service.gallery(who, "pictures");
    const bool on = facts.max_trusted_bytes != 0;
    const auto card = [&] { return result_of<Bytes>([&](auto done) { service.trusted_card(who, "pictures", done); }); };
    EXPECT_EQ(code_of([&] { ask(service, who, {1}); }), on ? "ok" : "not_found");
    EXPECT_EQ(code_of(card), on ? "ok" : "not_found");
    if (on) {
      const Bytes answer = ask(service, who, {1});
      EXPECT_EQ(std::string(answer.begin(), answer.end()), "answer " + std::to_string(kImages));
      EXPECT_EQ(code_of([&] { ask(service, who, {}); }), "bad_request");
      EXPECT_EQ(facts.max_trusted_bytes, 77u);
    }
    return facts.modes;
  };
  EXPECT_THAT(modes(nullptr), ElementsAre("blind-features"));
  EXPECT_THAT(modes(std::make_shared<Sees>(std::string(64, 'b'))), ElementsAre("blind-features"));
  EXPECT_THAT(modes(std::make_shared<Sees>(std::string(64, 'a'))), ElementsAre("blind-features", "trusted"));
}

}  // namespace
}  // namespace obscura::serve
