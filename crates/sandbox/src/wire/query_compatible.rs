//! The codes of errors that services gave while they spoke awsQuery, and give still,
//! beside the names of today. Here that is CloudWatch and SQS.

/// The code of old of an error with this name of today.
pub(super) fn code(name: &str) -> &str {
    match name {
        "AccessDeniedException" => "AccessDenied",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InternalServiceFault" => "InternalServiceError",
        "InvalidFormatFault" => "InvalidFormat",
        "InvalidParameterCombinationException" => "InvalidParameterCombination",
        "InvalidParameterValueException" => "InvalidParameterValue",
        "LimitExceededFault" => "LimitExceeded",
        "MissingRequiredParameterException" => "MissingParameter",
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "ThrottlingException" => "Throttling",
        "ValidationException" => "ValidationError",
        same => same,
    }
}
