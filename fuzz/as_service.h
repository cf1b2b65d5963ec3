#pragma once

#include "fuzz/reader.h"
#include "serve/failure.h"

namespace obscura::fuzz {

/// The service's own failures that are no fault of the server.
template <class Work>
void as_service(Work work) {
  try {
    work();
  } catch (const serve::Failure& failure) {
    if (failure.code() == serve::FailureCode::internal) throw Fault("service: an internal failure");
    throw Refused(failure.what());
  }
}

}  // namespace obscura::fuzz
