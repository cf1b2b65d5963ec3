#include <cstring>

#include "base/error.h"
#include "serve/http/framing.h"
#include "serve/http/http_state.h"
#include "serve/http/target.h"

namespace obscura::serve {

namespace {

constexpr std::size_t kVersionBytes = 8;  // "HTTP/1.1"

MHD_Result keep_field(void* fields, MHD_ValueKind, const char* name, std::size_t name_size, const char* value,
                      std::size_t value_size) try {
  static_cast<std::vector<FieldView>*>(fields)->emplace_back(std::string_view(name, name_size),
                                                             std::string_view(value, value_size));
  return MHD_YES;
} catch (...) {
  return MHD_NO;
}

std::string_view without_spaces_behind(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void check_gaps(MHD_Connection* connection, const char* method, const char* version,
                const std::vector<FieldView>& fields) {
#if MHD_VERSION < 0x00097701
  const char* const from = version + kVersionBytes;
  const char* const end = method + header_bytes(connection);
  if (end < from || !fills_header({from, static_cast<std::size_t>(end - from)}, fields)) {
    throw FormatError("the header has a line that goes on in the next one, or ends otherwise than by CR LF");
  }
#else  // where it refuses those by itself (MHD_OPTION_CLIENT_DISCIPLINE_LVL)
  (void)connection, (void)method, (void)version, (void)fields;
#endif
}

}  // namespace

std::size_t header_bytes(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == nullptr ? 0 : info->header_size;
}

void read_head(RequestSteps& steps, MHD_Connection* connection, const char* method, const char* version) {
  Request& request = steps.core->request;
  request.method = method;
  std::vector<FieldView> fields;
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, &keep_field, &fields);
  for (const auto& [name, value] : fields) {
    request.headers.add(std::string(name), std::string(without_spaces_behind(value)));
  }
  Target target = parse_target(steps.target);
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  check_gaps(connection, method, version, fields);
  check_framing(request, std::strcmp(version, "HTTP/1.0") == 0);
  // libmicrohttpd compares with the spaces behind.
  for (const auto& [name, value] : fields) {
    if (equal_ignoring_case(name, "Transfer-Encoding") && !equal_ignoring_case(value, "chunked")) {
      throw FormatError("Transfer-Encoding must be 'chunked' alone, once, under HTTP/1.1");
    }
  }
}

}  // namespace obscura::serve
