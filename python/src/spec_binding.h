#pragma once

#include <pybind11/pybind11.h>

#include <span>

#include "message/client_spec.h"
#include "support/arrays.h"

/// What a client spec says, for Python: every side shows it, and pictures become numbers by it.
namespace obscura::python {

/// The facts of obscura/_spec.py, by their names there.
pybind11::dict spec_facts(const message::ClientSpec& client);
/// The same of a network's own part: what pictures it takes and what it calls its classes.
pybind11::dict picture_facts(const Shape& input, const Preprocessing& how, std::size_t outputs, Head head);

/// Pictures, count x height x width x channels (red, green, blue), as the network's numbers: count x channels x height
/// x width. Throws MismatchError for others.
std::vector<std::vector<float>> preprocessed(const PixelArray& pictures, const Shape& input, const Preprocessing& how);

/// Adds spec_facts(client_spec: bytes) -> dict and preprocess(client_spec: bytes, pictures) -> array to a module.
void bind_spec(pybind11::module_& module);

}  // namespace obscura::python
