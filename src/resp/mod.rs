//! The wire. The only place that knows RESP2 from RESP3.
