# The cart table of cloudshelf-cart, its alarms, and an IAM policy for each kind of caller.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "table_name" {
  description = "The name of the table."
  type        = string
  default     = "cloudshelf-shopping-cart"
}

variable "environment" {
  description = "The tag Environment."
  type        = string
  default     = "production"
}

variable "project" {
  description = "The tag Project."
  type        = string
  default     = "cloudshelf"
}

variable "owner" {
  description = "The tag Owner."
  type        = string
  default     = "cart-team"
}

variable "own_key_variable" {
  description = "The IAM policy variable that holds the caller's user id: a session tag, or $${cognito-identity.amazonaws.com:sub} for the roles of a Cognito identity pool."
  type        = string
  default     = "$${aws:PrincipalTag/userId}"
}

variable "alarm_topic_arn" {
  description = "The ARN of the SNS topic that alarms go to, or none."
  type        = string
  default     = "none"
}

variable "conflict_percent" {
  description = "Alarm above this share of refused conditions among the writes of five minutes."
  type        = number
  default     = 50
}

variable "get_latency_millis" {
  description = "Alarm above this average latency of GetItem."
  type        = number
  default     = 10
}

variable "update_latency_millis" {
  description = "Alarm above this average latency of UpdateItem."
  type        = number
  default     = 20
}

variable "delete_latency_millis" {
  description = "Alarm above this average latency of DeleteItem."
  type        = number
  default     = 10
}

variable "read_units_per_minute" {
  description = "Alarm above this number of read capacity units in a minute."
  type        = number
  default     = 60000
}

variable "write_units_per_minute" {
  description = "Alarm above this number of write capacity units in a minute."
  type        = number
  default     = 60000
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # By name, so that the deployment policy can be made before the table is.
  table_arn     = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:table/${var.table_name}"
  alarm_actions = var.alarm_topic_arn == "none" ? [] : [var.alarm_topic_arn]
  operations = {
    get           = "GetItem"
    batchGet      = "BatchGetItem"
    transactGet   = "TransactGetItems"
    put           = "PutItem"
    update        = "UpdateItem"
    delete        = "DeleteItem"
    transactWrite = "TransactWriteItems"
  }
}

resource "aws_dynamodb_table" "carts" {
  name                        = var.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "userId"
  deletion_protection_enabled = true

  attribute {
    name = "userId"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # Without a kms_key_arn: the AWS managed key.
  server_side_encryption {
    enabled = true
  }

  tags = {
    Environment = var.environment
    Project     = var.project
    Owner       = var.owner
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Alarms. Several of DynamoDB's metrics exist per operation only; SUM takes an operation without data as 0.

resource "aws_cloudwatch_metric_alarm" "throttled_requests" {
  alarm_name          = "${var.table_name}-throttled-requests"
  alarm_description   = "Requests to the cart table were throttled in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([get, batchGet, transactGet, put, update, delete, transactWrite])"
    label       = "Throttled requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.operations
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "ThrottledRequests"
        dimensions  = { TableName = aws_dynamodb_table.carts.name, Operation = metric_query.value }
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "system_errors" {
  alarm_name          = "${var.table_name}-system-errors"
  alarm_description   = "DynamoDB answered requests to the cart table with server errors in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([get, batchGet, transactGet, put, update, delete, transactWrite])"
    label       = "Server errors"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.operations
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "SystemErrors"
        dimensions  = { TableName = aws_dynamodb_table.carts.name, Operation = metric_query.value }
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

# A refused condition is part of normal work: an addition of a book that is there, the clear of a young cart, a lost race.
# What counts is their share, and only where there are enough writes for a share to mean something.
resource "aws_cloudwatch_metric_alarm" "conflict_rate" {
  alarm_name          = "${var.table_name}-conflict-rate"
  alarm_description   = "The conditions of writes to carts were refused unusually often for fifteen minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.conflict_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "percent"
    expression  = "IF(SUM([refused, puts, updates, deletes]) >= 100, 100 * refused / SUM([refused, puts, updates, deletes]), 0)"
    label       = "Refused conditions, percent of writes"
    return_data = true
  }

  metric_query {
    id = "refused"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ConditionalCheckFailedRequests"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 300
      stat        = "Sum"
    }
  }

  dynamic "metric_query" {
    for_each = { puts = "PutItem", updates = "UpdateItem", deletes = "DeleteItem" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "SuccessfulRequestLatency"
        dimensions  = { TableName = aws_dynamodb_table.carts.name, Operation = metric_query.value }
        period      = 300
        stat        = "SampleCount"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each = {
    GetItem    = var.get_latency_millis
    UpdateItem = var.update_latency_millis
    DeleteItem = var.delete_latency_millis
  }

  alarm_name          = "${var.table_name}-latency-${each.key}"
  alarm_description   = "${each.key} on the cart table took longer than its target in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/DynamoDB"
  metric_name         = "SuccessfulRequestLatency"
  dimensions          = { TableName = aws_dynamodb_table.carts.name, Operation = each.key }
  period              = 60
  statistic           = "Average"
}

resource "aws_cloudwatch_metric_alarm" "read_capacity" {
  alarm_name          = "${var.table_name}-read-capacity"
  alarm_description   = "The cart table consumed unusually many read units in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.read_units_per_minute
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/DynamoDB"
  metric_name         = "ConsumedReadCapacityUnits"
  dimensions          = { TableName = aws_dynamodb_table.carts.name }
  period              = 60
  statistic           = "Sum"
}

resource "aws_cloudwatch_metric_alarm" "write_capacity" {
  alarm_name          = "${var.table_name}-write-capacity"
  alarm_description   = "The cart table consumed unusually many write units in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.write_units_per_minute
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  namespace           = "AWS/DynamoDB"
  metric_name         = "ConsumedWriteCapacityUnits"
  dimensions          = { TableName = aws_dynamodb_table.carts.name }
  period              = 60
  statistic           = "Sum"
}

# Permissions, one policy for each kind of caller. They name what the library sends, no more.

data "aws_iam_policy_document" "cart_store" {
  statement {
    sid = "Carts"
    actions = [
      "dynamodb:GetItem",
      "dynamodb:BatchGetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]
    resources = [local.table_arn]
  }
}

data "aws_iam_policy_document" "cart_own_key" {
  statement {
    sid = "OwnCart"
    actions = [
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]
    resources = [local.table_arn]
    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:LeadingKeys"
      values   = [var.own_key_variable]
    }
    # ForAllValues holds for a request without keys, too.
    condition {
      test     = "Null"
      variable = "dynamodb:LeadingKeys"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "cart_merge" {
  statement {
    sid       = "ReadBothCartsInOneTransaction"
    actions   = ["dynamodb:GetItem"]
    resources = [local.table_arn]
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "dynamodb:EnclosingOperation"
      values   = ["TransactGetItems"]
    }
  }
  statement {
    sid = "WriteBothCartsInOneTransaction"
    actions = [
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]
    resources = [local.table_arn]
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "dynamodb:EnclosingOperation"
      values   = ["TransactWriteItems"]
    }
  }
}

data "aws_iam_policy_document" "cart_deploy" {
  statement {
    sid = "CreateTable"
    actions = [
      "dynamodb:CreateTable",
      "dynamodb:TagResource",
      "dynamodb:UpdateTimeToLive",
      "dynamodb:UpdateContinuousBackups",
    ]
    resources = [local.table_arn]
  }
  statement {
    sid = "VerifyTable"
    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:ListTagsOfResource",
    ]
    resources = [local.table_arn]
  }
}

resource "aws_iam_policy" "cart_store" {
  name_prefix = "${var.table_name}-store-"
  description = "Everything that a cart store does, on the carts of all users."
  policy      = data.aws_iam_policy_document.cart_store.json
}

resource "aws_iam_policy" "cart_own_key" {
  name_prefix = "${var.table_name}-own-key-"
  description = "Everything that a cart store does with the caller's own cart, and nothing on another's."
  policy      = data.aws_iam_policy_document.cart_own_key.json
}

resource "aws_iam_policy" "cart_merge" {
  name_prefix = "${var.table_name}-merge-"
  description = "Merging a guest's cart into a user's, and nothing else."
  policy      = data.aws_iam_policy_document.cart_merge.json
}

resource "aws_iam_policy" "cart_deploy" {
  name_prefix = "${var.table_name}-deploy-"
  description = "Making a cart table with CartTable.create, and comparing it with CartTable.verify. Reads no cart."
  policy      = data.aws_iam_policy_document.cart_deploy.json
}

output "table_name" {
  description = "What DynamoDbCartStore.builder().tableName(..) takes."
  value       = aws_dynamodb_table.carts.name
}

output "table_arn" {
  description = "The ARN of the table."
  value       = aws_dynamodb_table.carts.arn
}

output "cart_store_policy_arn" {
  description = "For services that act for all users."
  value       = aws_iam_policy.cart_store.arn
}

output "cart_own_key_policy_arn" {
  description = "For roles that act for one user."
  value       = aws_iam_policy.cart_own_key.arn
}

output "cart_merge_policy_arn" {
  description = "For the service that merges carts at login."
  value       = aws_iam_policy.cart_merge.arn
}

output "cart_deploy_policy_arn" {
  description = "For deployments that run CartTable.create or CartTable.verify."
  value       = aws_iam_policy.cart_deploy.arn
}
