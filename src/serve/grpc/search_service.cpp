#include <obscura.grpc.pb.h>

#include <fstream>

#include "serve/grpc/obscura_messages.h"
#include "serve/grpc/reactors.h"
#include "serve/grpc/services.h"

namespace obscura::serve::grpc_front {
namespace {

/// A static file in chunks: each is read when the connection has taken the last one. Those reads are short, and of what
/// the system mostly has in memory.
class HintStream final : public CallOf<grpc::ServerWriteReactor<v1::HintChunk>> {
 public:
  using CallOf::CallOf;

  void start(const v1::HintRequest& request) {
    Identity who;
    std::int64_t version = request.version();
    offset_ = request.offset();
    const bool fine = or_end([&] {
      record().received(request.ByteSizeLong());
      who = admit(Scope::search);
      if (version == 0) version = service().gallery(who, request.name()).version;
    });
    if (!fine) return;
    service().hint(who, request.name(), version, [this](const Outcome<StaticFile>& outcome) {
      if (!outcome.ok()) return end(outcome.failure());
      if (or_end([&] { open(outcome.value()); })) send();
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return end(Failure(FailureCode::cancelled, "the client has gone"));
    if (offset_ == total_) return end();
    chunk_.Clear();
    send();
  }

 private:
  void open(const StaticFile& file) {
    in_.open(file.path, std::ios::binary | std::ios::ate);
    if (!in_) throw Failure(FailureCode::internal, "the server could not read the gallery's hint: its log says why");
    total_ = static_cast<std::uint64_t>(in_.tellg());
    if (offset_ > total_) {
      throw Failure(FailureCode::bad_request, "the hint has " + std::to_string(total_) + " bytes: none from offset " +
                                                  std::to_string(offset_) + " on");
    }
    in_.seekg(static_cast<std::streamoff>(offset_));
    chunk_.set_hash(file.hash);
    chunk_.set_total(total_);
  }

  void send() {
    if (or_end([&] { fill(); })) StartWrite(&chunk_);
  }

  void fill() {
    std::string& data = *chunk_.mutable_data();
    data.resize(std::min<std::uint64_t>(kMaxChunkBytes, total_ - offset_));
    if (!in_.read(data.data(), static_cast<std::streamsize>(data.size()))) {
      throw Failure(FailureCode::internal, "the gallery's hint has become shorter while it was read");
    }
    chunk_.set_offset(offset_);
    offset_ += data.size();
    record().sent(data.size());
  }

  std::ifstream in_;
  std::uint64_t offset_ = 0, total_ = 0;
  v1::HintChunk chunk_;
};

/// The size that goes out.
std::size_t reply_with(const Bytes& bytes, v1::File& reply) {
  write_file(bytes, reply);
  return reply.ByteSizeLong();
}

class SearchService final : public v1::Search::CallbackService {
 public:
  explicit SearchService(const Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* Galleries(grpc::CallbackServerContext* context, const v1::GalleriesRequest*,
                                      v1::GalleryList* reply) override {
    auto* call = new UnaryCall(shared_, *context, "galleries");
    call->answer(*reply, [&] {
      const Identity who = call->admit(Scope::search);
      for (const auto& facts : shared_.service.galleries(who)) write_gallery(facts, *reply->add_galleries());
    });
    return call;
  }

  grpc::ServerUnaryReactor* Gallery(grpc::CallbackServerContext* context, const v1::GalleryRequest* request,
                                    v1::GalleryFacts* reply) override {
    auto* call = new UnaryCall(shared_, *context, "galleries");
    call->answer(*reply, [&] {
      call->record().received(request->ByteSizeLong());
      write_gallery(shared_.service.gallery(call->admit(Scope::search), request->name()), *reply);
    });
    return call;
  }

  grpc::ServerUnaryReactor* Card(grpc::CallbackServerContext* context, const v1::GalleryRequest* request,
                                 v1::File* reply) override {
    return with_file(*context, "card", *request, *reply, [&](const Identity& who, UnaryCall&, Done<Bytes> done) {
      shared_.service.card(who, request->name(), std::move(done));
    });
  }

  grpc::ServerWriteReactor<v1::HintChunk>* Hint(grpc::CallbackServerContext* context,
                                                const v1::HintRequest* request) override {
    auto* stream = new HintStream(shared_, *context, "hint");
    stream->start(*request);
    return stream;
  }

  grpc::ServerUnaryReactor* Scores(grpc::CallbackServerContext* context, const v1::GalleryQuery* request,
                                   v1::File* reply) override {
    return with_file(*context, "scores", *request, *reply, [&](const Identity& who, UnaryCall& call, Done<Bytes> done) {
      shared_.service.scores(who, request->name(), bytes_of(request->query()), call.stop_token(), std::move(done));
    });
  }

  grpc::ServerUnaryReactor* Fetch(grpc::CallbackServerContext* context, const v1::GalleryQuery* request,
                                  v1::File* reply) override {
    return with_file(*context, "fetch", *request, *reply, [&](const Identity& who, UnaryCall& call, Done<Bytes> done) {
      shared_.service.fetch(who, request->name(), bytes_of(request->query()), call.stop_token(), std::move(done));
    });
  }

  grpc::ServerUnaryReactor* TrustedCard(grpc::CallbackServerContext* context, const v1::GalleryRequest* request,
                                        v1::File* reply) override {
    return with_file(*context, "trusted", *request, *reply, [&](const Identity& who, UnaryCall&, Done<Bytes> done) {
      shared_.service.trusted_card(who, request->name(), std::move(done));
    });
  }

  grpc::ServerUnaryReactor* Trusted(grpc::CallbackServerContext* context, const v1::GalleryQuery* request,
                                    v1::File* reply) override {
    return with_file(
        *context, "trusted", *request, *reply, [&](const Identity& who, UnaryCall& call, Done<Bytes> done) {
          shared_.service.trusted(who, request->name(), bytes_of(request->query()), call.stop_token(), std::move(done));
        });
  }

 private:
  /// `ask` gives the request to the service, which calls what it is given when the file is there.
  template <typename Request, typename Ask>
  grpc::ServerUnaryReactor* with_file(grpc::CallbackServerContext& context, std::string_view name,
                                      const Request& request, v1::File& reply, Ask ask) const {
    auto* call = new UnaryCall(shared_, context, name);
    Identity who;
    const bool fine = call->or_end([&] {
      call->record().received(request.ByteSizeLong());
      who = call->admit(Scope::search);
    });
    if (!fine) return call;
    ask(who, *call, [call, &reply](const Outcome<Bytes>& outcome) {
      call->conclude(outcome, [&](const Bytes& bytes) { return reply_with(bytes, reply); });
    });
    return call;
  }

  const Shared& shared_;
};

class SpecsService final : public v1::Specs::CallbackService {
 public:
  explicit SpecsService(const Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* ClientSpec(grpc::CallbackServerContext* context, const v1::SpecRequest* request,
                                       v1::File* reply) override {
    auto* call = new UnaryCall(shared_, *context, "specs");
    call->answer(*reply, [&] {
      call->admit(Scope::infer);
      write_file(shared_.service.client_spec(request->hash()), *reply);
    });
    return call;
  }

 private:
  const Shared& shared_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_search_service(const Shared& shared) {
  return std::make_unique<SearchService>(shared);
}
std::unique_ptr<grpc::Service> make_specs_service(const Shared& shared) {
  return std::make_unique<SpecsService>(shared);
}

}  // namespace obscura::serve::grpc_front
