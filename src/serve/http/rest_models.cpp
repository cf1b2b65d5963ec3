#include "serve/http/infer_form.h"
#include "serve/http/json_text.h"
#include "serve/http/rest_call.h"
#include "serve/http/static_reply.h"

namespace obscura::serve {

namespace {

Json list(const std::vector<ModelFacts>& models) {
  Json json;
  json["models"] = Json::array();
  for (const ModelFacts& model : models) json["models"].push_back(listed_model_json(model));
  return json;
}

Reply readiness(const RestExchange& call) {
  const ModelFacts model = call.service().model(call.route.name, call.route.version);
  const bool ready = call.service().ready();
  return json_reply(ready ? 200 : 503, {{"name", model.name}, {"ready", ready}});
}

}  // namespace

void answer_models(const RestExchange& call) {
  Service& service = call.service();
  switch (call.route.call) {
    case RestCall::models:
      return call.answer(json_reply(200, list(service.models())));
    case RestCall::model_ready:
      return call.answer(readiness(call));
    case RestCall::spec:
      return call.answer(static_reply(call.request(), service.client_spec(call.route.name), call.route.name,
                                      "application/octet-stream"));
    default:
      return call.answer(json_reply(200, model_json(service.model(call.route.name, call.route.version))));
  }
}

void answer_infer(const RestExchange& call) {
  InferCall parsed =
      parse_infer(call.request().headers, call.route.name, call.route.version, call.exchange->take_body());
  const std::stop_token stop = call.exchange->stop();
  call.service().infer(call.who, std::move(parsed.request), stop,
                       answer_with<InferReply>(call, [form = std::move(parsed.form)](InferReply reply) {
                         return write_infer(std::move(reply), form);
                       }));
}

}  // namespace obscura::serve
