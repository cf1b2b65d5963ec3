#include "serve/http/content_range.h"
#include "serve/http/json_text.h"
#include "serve/http/rest_call.h"

namespace obscura::serve {

namespace {

Json list(const std::vector<KeyStatus>& keys) {
  Json json;
  json["keys"] = Json::array();
  for (const KeyStatus& key : keys) json["keys"].push_back(key_json(key));
  return json;
}

/// Without Content-Range, the body is the whole file.
KeyPiece piece_of(const RestExchange& call) {
  KeyPiece piece{call.route.name, 0, 0, call.exchange->take_body()};
  const auto header = call.request().headers.get("Content-Range");
  if (!header) {
    piece.total = piece.bytes.size();
    return piece;
  }
  const auto range = parse_content_range(*header);
  if (!range || call.request().headers.count("Content-Range") > 1) {
    throw Failure(FailureCode::bad_request, "Content-Range must be 'bytes FIRST-LAST/TOTAL', the last byte included");
  }
  if (range->last - range->first + 1 != piece.bytes.size()) {
    throw Failure(FailureCode::bad_request, "Content-Range says another number of bytes than the body has");
  }
  piece.offset = range->first;
  piece.total = range->total;
  return piece;
}

void put(const RestExchange& call) {
  call.service().put_key_piece(call.who, piece_of(call), call.exchange->stop(),
                               answer_with<KeyStatus>(call, [](const KeyStatus& status) {
                                 return json_reply(status.state == KeyState::ready ? 201 : 202, key_json(status));
                               }));
}

}  // namespace

void answer_keys(const RestExchange& call) {
  const std::string& method = call.request().method;
  const std::string& hash = call.route.name;
  if (call.route.call == RestCall::keys) {
    call.answer(json_reply(200, list(call.service().keys(call.who))));
  } else if (method == "PUT") {
    put(call);
  } else if (method == "DELETE") {
    call.service().remove_key(call.who, hash);
    call.answer(json_reply(200, {{"deleted", hash}}));
  } else {
    call.answer(json_reply(200, key_json(call.service().key_status(call.who, hash))));
  }
}

}  // namespace obscura::serve
