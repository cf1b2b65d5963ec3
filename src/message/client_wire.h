#pragma once

#include <string_view>

#include "ckks/wire.h"
#include "message/client_spec.h"

namespace obscura::message {

/// The client spec of a program as a file (ckks::Kind::client).
///
///   payload := version:u8 (6) program:32 mode:u8 network:text parameters:(u32 length, a parameters file)
///              channels:u32 height:u32 width:u32 #mean:u32 f64... #std:u32 f64... #classes:u32 text... colour:text
///              stated:u8 input_scale:f64 input_limbs:u32 period:u32 images:u32 #input slots:u32 u32...
///              (packed: #beginnings:u32 u32..., of the places of a value that has several) outputs:u32
///              #output slots:u32 u32... factor:f64 gap:u32 bits:u32 reply_scale:f64 logit_error:f64 noise:f64
///              fit_error:f64 logit_range:f64
///              head:u8 zeros_between:u8 relin_limbs:u32 #keys:u32 (element:u32 limbs:u32)... key_id:16
ckks::Bytes write_client_spec(const ClientSpec& client);

/// Throws FormatError for anything else, and for numbers that no program has.
ClientSpec read_client_spec(ckks::ByteSpan bytes, std::string_view what = "client spec");

}  // namespace obscura::message
