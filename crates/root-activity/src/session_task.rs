//! The tasks of privileged root sessions, and the calls that each explains.

/// A task policy of `sts:AssumeRoot`, from `arn:aws:iam::aws:policy/root-task/`.
struct Task {
    name: &'static str,
    /// The calls that a session for this task explains, under CloudTrail's names. The policies
    /// also allow `CreateLoginProfile`, `PutBucketPolicy` and `SetQueueAttributes`: these give
    /// somebody access, so that no session explains them.
    expected: &'static [&'static str],
}

const TASKS: &[Task] = &[
    Task {
        name: "IAMAuditRootUserCredentials",
        expected: &[
            "iam:GetAccessKeyLastUsed",
            "iam:GetAccountSummary",
            "iam:GetLoginProfile",
            "iam:GetUser",
            "iam:ListAccessKeys",
            "iam:ListMFADevices",
            "iam:ListSigningCertificates",
        ],
    },
    Task {
        name: "IAMCreateRootUserPassword",
        expected: &["iam:GetLoginProfile"],
    },
    Task {
        name: "IAMDeleteRootUserCredentials",
        expected: &[
            "iam:DeactivateMFADevice",
            "iam:DeleteAccessKey",
            "iam:DeleteLoginProfile",
            "iam:DeleteSigningCertificate",
            "iam:DeleteVirtualMFADevice",
            "iam:GetAccessKeyLastUsed",
            "iam:GetLoginProfile",
            "iam:GetUser",
            "iam:ListAccessKeys",
            "iam:ListMFADevices",
            "iam:ListSigningCertificates",
        ],
    },
    Task {
        name: "S3UnlockBucketPolicy",
        expected: &[
            "s3:DeleteBucketPolicy",
            "s3:GetBucketPolicy",
            "s3:ListBuckets",
        ],
    },
    Task {
        name: "SQSUnlockQueuePolicy",
        expected: &[
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueues",
        ],
    },
];

/// Returns `true` if a session for the named task explains the call.
pub(crate) fn explains(task: &str, call: &str) -> bool {
    let task = TASKS.iter().find(|known| known.name == task);
    task.is_some_and(|task| task.expected.contains(&call))
}

/// Returns `true` if a session for some task explains the call.
pub(crate) fn may_explain(call: &str) -> bool {
    TASKS.iter().any(|task| task.expected.contains(&call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_task_explains_a_call_that_gives_somebody_access() {
        for call in [
            "iam:CreateLoginProfile",
            "iam:CreateAccessKey",
            "iam:UploadSigningCertificate",
            "iam:EnableMFADevice",
            "s3:PutBucketPolicy",
            "sqs:SetQueueAttributes",
        ] {
            assert!(!may_explain(call), "{call}");
        }
    }

    #[test]
    fn a_task_explains_its_own_calls_only() {
        assert!(explains(
            "IAMAuditRootUserCredentials",
            "iam:GetAccountSummary"
        ));
        assert!(!explains(
            "IAMAuditRootUserCredentials",
            "iam:DeleteAccessKey"
        ));
        // The policy for deletion has no GetAccountSummary.
        assert!(!explains(
            "IAMDeleteRootUserCredentials",
            "iam:GetAccountSummary"
        ));
        assert!(!explains("an unknown task", "iam:GetUser"));
    }
}
