#include "serve/http/http_state.h"

namespace obscura::serve {

namespace {

using Bytes = std::vector<std::uint8_t>;

void free_bytes(void* bytes) {
  delete static_cast<Bytes*>(bytes);
}

MHD_Response* response_of(Bytes bytes) {
  auto kept = std::make_unique<Bytes>(std::move(bytes));
  MHD_Response* const response =
      MHD_create_response_from_buffer_with_free_callback_cls(kept->size(), kept->data(), &free_bytes, kept.get());
  if (response != nullptr) kept.release();
  return response;
}

MHD_Response* response_of(FilePart part) {
  MHD_Response* const response = MHD_create_response_from_fd_at_offset64(part.size, part.file.get(), part.offset);
  if (response != nullptr) part.file.release();
  return response;
}

}  // namespace

MHD_Result send_reply(RequestSteps& steps, MHD_Connection* connection, Reply reply) {
  steps.core->release();
  const std::uint64_t size = reply.size();
  MHD_Response* const response = std::visit([](auto& body) { return response_of(std::move(body)); }, reply.body);
  if (response == nullptr) return MHD_NO;
  for (const auto& [name, value] : reply.headers) MHD_add_response_header(response, name.c_str(), value.c_str());
  if (reply.close || steps.state.stopping) MHD_add_response_header(response, "Connection", "close");
  steps.state.table.sending(steps.connection, size);
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace obscura::serve
