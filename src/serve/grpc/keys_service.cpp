#include <obscura.grpc.pb.h>

#include "serve/grpc/obscura_messages.h"
#include "serve/grpc/reactors.h"
#include "serve/grpc/services.h"
#include "serve/grpc/upload_buffer.h"

namespace obscura::serve::grpc_front {
namespace {

/// Reads the next message only when the service has taken what was there: the connection's window fills, and the client
/// waits.
class Upload final : public ReadingCall<grpc::ServerReadReactor<v1::KeyChunk>> {
 public:
  Upload(const Shared& shared, grpc::CallbackServerContext& context, v1::KeyStatus& reply)
      : ReadingCall(shared, context, "keys"), reply_(reply) {}

  void start() {
    if (or_end([&] { who_ = admit(Scope::keys); })) read_next(chunk_);
  }

  void OnReadDone(bool ok) override {
    if (!taken()) return;
    if (!ok) return finish();
    record().received(chunk_.ByteSizeLong());
    bool here_already = false;
    const bool fine = or_end([&] {
      here_already = !buffer_ && begin();
      buffer_->check(chunk_);
    });
    if (!fine) return;
    if (here_already) return conclude();
    if (!buffer_->has_room(chunk_)) return send([this] { keep(); });
    keep();
  }

 private:
  /// True where the file is here already.
  bool begin() {
    buffer_.emplace(chunk_);
    status_ = service().key_status(who_, buffer_->hash());
    return status_.state == KeyState::ready;
  }

  void keep() {
    if (!or_end([&] { buffer_->add(chunk_); })) return;
    if (buffer_->complete()) return send([this] { conclude(); });
    read_next(chunk_);
  }

  /// The client has sent its last message, or has gone.
  void finish() {
    if (!buffer_)
      return end(Failure(FailureCode::bad_request, "the upload has no message: the first one names a file"));
    if (buffer_->empty()) return conclude();
    send([this] { conclude(); });
  }

  /// Gives the buffer to the service, and goes on when it is on disk.
  void send(std::function<void()> go_on) {
    service().put_key_piece(who_, buffer_->take(), stop_token(),
                            [this, go_on = std::move(go_on)](const Outcome<KeyStatus>& outcome) {
                              if (!outcome.ok()) return end(outcome.failure());
                              status_ = outcome.value();
                              if (status_.state == KeyState::ready) return conclude();
                              go_on();
                            });
  }

  void conclude() {
    const bool written = or_end([&] {
      write_status(status_, reply_);
      record().sent(reply_.ByteSizeLong());
    });
    if (written) end();
  }

  v1::KeyStatus& reply_;
  v1::KeyChunk chunk_;
  Identity who_;
  std::optional<UploadBuffer> buffer_;
  KeyStatus status_;
};

class KeysService final : public v1::Keys::CallbackService {
 public:
  explicit KeysService(const Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context, const v1::KeyRequest* request,
                                   v1::KeyStatus* reply) override {
    return at_once(*context, *request, *reply, [&](const Identity& who) {
      write_status(shared_.service.key_status(who, request->hash()), *reply);
    });
  }

  grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const v1::ListKeysRequest* request,
                                 v1::KeyList* reply) override {
    return at_once(*context, *request, *reply, [&](const Identity& who) {
      for (const KeyStatus& status : shared_.service.keys(who)) write_status(status, *reply->add_keys());
    });
  }

  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context, const v1::KeyRequest* request,
                                   v1::KeyDeleted* reply) override {
    return at_once(*context, *request, *reply, [&](const Identity& who) {
      shared_.service.remove_key(who, request->hash());
      reply->set_hash(request->hash());
    });
  }

  grpc::ServerReadReactor<v1::KeyChunk>* Upload(grpc::CallbackServerContext* context, v1::KeyStatus* reply) override {
    auto* upload = new grpc_front::Upload(shared_, *context, *reply);
    upload->start();
    return upload;
  }

 private:
  template <typename Request, typename Reply, typename Work>
  grpc::ServerUnaryReactor* at_once(grpc::CallbackServerContext& context, const Request& request, Reply& reply,
                                    Work work) const {
    auto* call = new UnaryCall(shared_, context, "keys");
    call->answer(reply, [&] {
      call->record().received(request.ByteSizeLong());
      work(call->admit(Scope::keys));
    });
    return call;
  }

  const Shared& shared_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_keys_service(const Shared& shared) {
  return std::make_unique<KeysService>(shared);
}

}  // namespace obscura::serve::grpc_front
