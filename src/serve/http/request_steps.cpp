#include "base/error.h"
#include "serve/http/http_state.h"

namespace obscura::serve {

namespace {

using Step = RequestSteps::Step;

/// Bodies of refused requests that are no larger are read and dropped, so that the connection can stay.
constexpr std::uint64_t kDropForReuse = std::uint64_t{64} << 10;
/// In the middle of a body no answer can be sent: so much of one that turned out too large is read before the
/// connection is closed without.
constexpr std::uint64_t kDropForAnswer = std::uint64_t{4} << 20;

Reply with_retry(Reply reply) {
  return std::move(reply.add("Retry-After", "1"));
}

/// Before the body: answers now where there is one that is not worth reading, or else behind it, since libmicrohttpd
/// ends connections that were answered before the request was whole.
MHD_Result refuse(RequestSteps& steps, MHD_Connection* connection, Reply reply) {
  const Request& request = steps.core->request;
  const bool small = !request.chunked && request.content_length.value_or(0) <= kDropForReuse;
  if (!reply.close && small && !request.headers.get("Expect")) {
    steps.refusal = std::move(reply);
    steps.step = Step::body;
    if (request.has_body()) steps.state.table.body_begins(steps.connection);
    return MHD_YES;
  }
  steps.connection.linger = true;
  steps.step = Step::handled;
  reply.close = true;
  return send_reply(steps, connection, std::move(reply));
}

MHD_Result refuse_and_tell(RequestSteps& steps, MHD_Connection* connection, Reply reply) {
  steps.state.handler.refused(steps.core->request, reply);
  return refuse(steps, connection, std::move(reply));
}

bool is_expected(const Request& request) {
  const auto expected = request.headers.get("Expect");
  return !expected || equal_ignoring_case(*expected, "100-continue");
}

bool is_encoded(const Request& request) {
  const auto encoding = request.headers.get("Content-Encoding");
  return encoding && !encoding->empty() && !equal_ignoring_case(*encoding, "identity");
}

/// Why a request with that head is refused whatever it asks for.
std::optional<Reply> general_refusal(const RequestSteps& steps) {
  const Request& request = steps.core->request;
  if (steps.state.stopping) {
    return with_retry(error_reply(503, "shutting_down", "the server is stopping: ask again in a moment"));
  }
  if (!is_expected(request)) return error_reply(417, "unsupported", "of Expect only 100-continue is understood");
  if (is_encoded(request)) {
    return error_reply(415, "unsupported",
                       "bodies are not taken compressed, and what is encrypted does not get smaller: send it without "
                       "Content-Encoding");
  }
  return std::nullopt;
}

std::optional<Reply> body_refusal(RequestSteps& steps) {
  const Request& request = steps.core->request;
  const std::uint64_t most = steps.admission.max_body;
  if (most == 0 && request.has_body()) return error_reply(400, "bad_request", "this request takes no body");
  if (most > 0 && !request.chunked && !request.content_length) {
    return error_reply(411, "bad_request", "this request needs a body: say its Content-Length, or send it in chunks");
  }
  const std::uint64_t declared = request.content_length.value_or(0);
  if (declared > most) {
    return error_reply(413, "too_large",
                       "the body is larger than this request takes: " + std::to_string(declared) + " bytes, where " +
                           std::to_string(most) + " are the most");
  }
  if (!steps.core->reserve(static_cast<std::size_t>(declared))) {
    return with_retry(error_reply(503, "overloaded", "too many bodies are on their way: ask again in a moment"));
  }
  return std::nullopt;
}

std::variant<Reply, Admission> decide(RequestSteps& steps) try {
  return steps.state.handler.begin(steps.core->request);
} catch (...) {
  return error_reply(500, "internal", "the server could not take this request: its log may say why");
}

MHD_Result begin(RequestSteps& steps, MHD_Connection* connection, const char* method, const char* version) {
  if (header_bytes(connection) > steps.state.options.max_header_bytes) {
    Reply reply =
        error_reply(431, "too_large",
                    "the header is larger than " + std::to_string(steps.state.options.max_header_bytes) + " bytes");
    reply.close = true;
    return refuse_and_tell(steps, connection, std::move(reply));
  }
  try {
    read_head(steps, connection, method, version);
  } catch (const FormatError& error) {
    Reply reply = error_reply(400, "bad_request", error.what());
    reply.close = true;
    return refuse_and_tell(steps, connection, std::move(reply));
  }
  if (auto reply = general_refusal(steps)) return refuse_and_tell(steps, connection, std::move(*reply));
  if (!steps.state.active.insert(steps.core)) return MHD_NO;
  steps.counted = true;
  std::variant<Reply, Admission> decided = decide(steps);
  if (auto* reply = std::get_if<Reply>(&decided)) return refuse(steps, connection, std::move(*reply));
  steps.admission = std::move(std::get<Admission>(decided));
  if (auto reply = body_refusal(steps)) return refuse_and_tell(steps, connection, std::move(*reply));
  steps.step = Step::body;
  if (steps.core->request.has_body()) steps.state.table.body_begins(steps.connection);
  steps.core->body.reserve(static_cast<std::size_t>(steps.core->request.content_length.value_or(0)));
  return MHD_YES;
}

/// Only of chunked bodies is the size not known before.
void refuse_rest(RequestSteps& steps, Reply reply) {
  steps.core->body = {};
  steps.core->release();
  steps.state.handler.refused(steps.core->request, reply);
  reply.close = true;
  steps.refusal = std::move(reply);
}

MHD_Result take_bytes(RequestSteps& steps, const char* data, std::size_t size) {
  steps.state.table.body_arrived(steps.connection, size);
  std::vector<std::uint8_t>& body = steps.core->body;
  if (!steps.refusal && size > steps.admission.max_body - body.size()) {
    refuse_rest(steps, error_reply(413, "too_large",
                                   "the body is larger than this request takes: " +
                                       std::to_string(steps.admission.max_body) + " bytes are the most"));
  }
  if (!steps.refusal && steps.core->request.chunked && !steps.core->reserve(size)) {
    refuse_rest(steps,
                with_retry(error_reply(503, "overloaded", "too many bodies are on their way: ask again in a moment")));
  }
  if (steps.refusal) {
    steps.dropped += size;
    if (steps.dropped <= kDropForAnswer) return MHD_YES;
    steps.connection.linger = true;
    return MHD_NO;
  }
  body.insert(body.end(), data, data + size);
  return MHD_YES;
}

MHD_Result answer(RequestSteps& steps, MHD_Connection* connection) {
  std::optional<Reply> reply = steps.core->take_reply();
  return reply ? send_reply(steps, connection, std::move(*reply)) : MHD_NO;
}

MHD_Result finish(RequestSteps& steps, MHD_Connection* connection) {
  steps.step = Step::handled;
  if (steps.refusal) return send_reply(steps, connection, std::move(*steps.refusal));
  steps.state.table.working(steps.connection);
  // What it throws leaves the exchange without an answer, and so with one of 500.
  try {
    const auto run = std::move(steps.admission.run);
    run(std::make_shared<Exchange>(steps.core));
  } catch (...) {
  }
  return steps.core->park(connection, steps.connection.socket) ? MHD_YES : answer(steps, connection);
}

}  // namespace

MHD_Result continue_request(RequestSteps& steps, MHD_Connection* connection, const char* method, const char* version,
                            const char* data, std::size_t* size) {
  switch (steps.step) {
    case Step::head:
      return begin(steps, connection, method, version);
    case Step::body: {
      const std::size_t count = std::exchange(*size, 0);
      return count > 0 ? take_bytes(steps, data, count) : finish(steps, connection);
    }
    case Step::handled:
      break;
  }
  return answer(steps, connection);
}

}  // namespace obscura::serve
