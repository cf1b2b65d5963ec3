#include <grpcpp/support/proto_buffer_reader.h>
#include <inference.grpc.pb.h>

#include "serve/grpc/inference_messages.h"
#include "serve/grpc/reactors.h"
#include "serve/grpc/services.h"
#include "serve/grpc/wire_guard.h"

namespace obscura::serve::grpc_front {
namespace {

/// Infer requests come as the bytes that they are: nobody's message becomes objects before its token is known to be
/// good, and a malformed one is answered as what it is.
ReadRequest parse(grpc::ByteBuffer& bytes) {
  ::inference::ModelInferRequest message;
  {
    grpc::ProtoBufferReader reader(&bytes);
    if (!has_few_fields(reader, *::inference::ModelInferRequest::descriptor())) {
      throw Failure(FailureCode::bad_request, "the message is no ModelInferRequest, or one of too many fields");
    }
  }
  grpc::ProtoBufferReader reader(&bytes);
  if (!message.ParseFromZeroCopyStream(&reader)) {
    throw Failure(FailureCode::bad_request, "the message is no ModelInferRequest: its bytes are damaged");
  }
  bytes.Clear();
  return read_request(message);
}

/// The size that goes out.
template <typename Message>
std::size_t serialize(const Message& message, grpc::ByteBuffer& bytes) {
  bool own = false;
  bytes.Clear();
  const auto status = grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  if (!status.ok()) throw Failure(FailureCode::internal, "the server could not write its reply");
  return bytes.Length();
}

void infer(UnaryCall& call, grpc::ByteBuffer& request, grpc::ByteBuffer& reply) {
  Identity who;
  ReadRequest read;
  const bool readable = call.or_end([&] {
    call.record().received(request.Length());
    who = call.admit(Scope::infer);
    call.service().check_room(who);
    read = parse(request);
    call.record().name_model(read.request.model);
  });
  if (!readable) return;
  call.service().infer(who, std::move(read.request), call.stop_token(),
                       [&call, &reply, form = read.form](const Outcome<InferReply>& outcome) {
                         call.conclude(outcome, [&](const InferReply& answer) {
                           ::inference::ModelInferResponse message;
                           write_reply(answer, form, message);
                           return serialize(message, reply);
                         });
                       });
}

/// One request after the other: while it is at work the next one waits in the connection, whose window is the limit of
/// what a client can send ahead.
class InferStream final : public ReadingCall<grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>> {
 public:
  using ReadingCall::ReadingCall;

  void start() {
    if (or_end([&] { admit(Scope::infer); })) read_next(request_);
  }

  void OnReadDone(bool ok) override {
    if (!taken()) return;
    if (!ok) return Finish(grpc::Status::OK);  // each request was counted by itself
    begin_record();
    record().received(request_.Length());
    Identity who;
    // The token is looked at with each request: it may be revoked by now.
    if (or_end([&] { who = admit(Scope::infer); })) ask(who);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::CANCELLED, "the client has gone"});
    read_next(request_);
  }

 private:
  void ask(const Identity& who) {
    ReadRequest read;
    std::optional<Failure> failure;
    try {
      read = parse(request_);
      record().name_model(read.request.model);
    } catch (...) {
      failure = failure_in_flight();
    }
    id_ = read.request.id;
    form_ = read.form;
    if (failure) return tell(*failure);
    service().infer(who, std::move(read.request), stop_token(), [this](Outcome<InferReply> outcome) { tell(outcome); });
  }

  void tell(const Outcome<InferReply>& outcome) {
    ::inference::ModelStreamInferResponse message;
    std::optional<Failure> failure;
    if (!outcome.ok()) failure = judged(outcome.failure());
    if (failure) {
      write_failure(*failure, id_, message);
    } else {
      write_reply(outcome.value(), form_, *message.mutable_infer_response());
    }
    const bool written = or_end([&] { record().sent(serialize(message, reply_)); });
    if (!written) return;
    record().end(failure ? &*failure : nullptr);
    StartWrite(&reply_);
  }

  grpc::ByteBuffer request_, reply_;
  std::string id_;
  Form form_ = Form::contents;
};

template <typename Base>
using WithInfer = ::inference::GRPCInferenceService::WithRawCallbackMethod_ModelInfer<
    ::inference::GRPCInferenceService::WithRawCallbackMethod_ModelStreamInfer<Base>>;
template <typename Base>
using WithHealth = ::inference::GRPCInferenceService::WithCallbackMethod_ServerLive<
    ::inference::GRPCInferenceService::WithCallbackMethod_ServerReady<
        ::inference::GRPCInferenceService::WithCallbackMethod_ModelReady<Base>>>;
template <typename Base>
using WithMetadata = ::inference::GRPCInferenceService::WithCallbackMethod_ServerMetadata<
    ::inference::GRPCInferenceService::WithCallbackMethod_ModelMetadata<Base>>;

class InferenceService final : public WithInfer<WithHealth<WithMetadata<::inference::GRPCInferenceService::Service>>> {
 public:
  explicit InferenceService(const Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* ServerLive(grpc::CallbackServerContext* context, const ::inference::ServerLiveRequest*,
                                       ::inference::ServerLiveResponse* reply) override {
    return at_once(*context, "live", *reply, [&](UnaryCall&) { reply->set_live(true); });
  }

  grpc::ServerUnaryReactor* ServerReady(grpc::CallbackServerContext* context, const ::inference::ServerReadyRequest*,
                                        ::inference::ServerReadyResponse* reply) override {
    return at_once(*context, "ready", *reply, [&](UnaryCall&) { reply->set_ready(shared_.service.ready()); });
  }

  grpc::ServerUnaryReactor* ModelReady(grpc::CallbackServerContext* context,
                                       const ::inference::ModelReadyRequest* request,
                                       ::inference::ModelReadyResponse* reply) override {
    return at_once(*context, "ready", *reply, [&](UnaryCall& call) {
      call.record().name_model(request->name());
      reply->set_ready(shared_.service.ready() && has_model(*request));
    });
  }

  grpc::ServerUnaryReactor* ServerMetadata(grpc::CallbackServerContext* context,
                                           const ::inference::ServerMetadataRequest*,
                                           ::inference::ServerMetadataResponse* reply) override {
    return at_once(*context, "server", *reply, [&](UnaryCall&) { write_server(*reply); });
  }

  grpc::ServerUnaryReactor* ModelMetadata(grpc::CallbackServerContext* context,
                                          const ::inference::ModelMetadataRequest* request,
                                          ::inference::ModelMetadataResponse* reply) override {
    return at_once(*context, "models", *reply, [&](UnaryCall& call) {
      call.record().received(request->ByteSizeLong());
      call.admit(Scope::infer);
      call.record().name_model(request->name());
      write_model(shared_.service.model(request->name(), request->version()), *reply);
    });
  }

  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* reply) override {
    auto* call = new UnaryCall(shared_, *context, "infer");
    // The buffer is this call's own, and a query need not stay in memory twice while it waits.
    infer(*call, const_cast<grpc::ByteBuffer&>(*request), *reply);
    return call;
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ModelStreamInfer(
      grpc::CallbackServerContext* context) override {
    auto* stream = new InferStream(shared_, *context, "infer");
    stream->start();
    return stream;
  }

 private:
  bool has_model(const ::inference::ModelReadyRequest& request) const {
    try {
      shared_.service.model(request.name(), request.version());
      return true;
    } catch (const Failure&) {
      return false;
    }
  }

  template <typename Reply, typename Work>
  grpc::ServerUnaryReactor* at_once(grpc::CallbackServerContext& context, std::string_view name, Reply& reply,
                                    Work work) const {
    auto* call = new UnaryCall(shared_, context, name);
    call->answer(reply, [&] { work(*call); });
    return call;
  }

  const Shared& shared_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_inference_service(const Shared& shared) {
  return std::make_unique<InferenceService>(shared);
}

}  // namespace obscura::serve::grpc_front
