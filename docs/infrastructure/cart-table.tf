# The cart table of cloudshelf-cart, its alarms, and an IAM policy for each kind of caller.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.14, < 7.0"
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

variable "stream" {
  description = "Whether the table has a stream."
  type        = bool
  default     = false
}

variable "stream_view_type" {
  description = "What the stream contains for each change."
  type        = string
  default     = "NEW_AND_OLD_IMAGES"

  validation {
    condition     = contains(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"], var.stream_view_type)
    error_message = "Must be a view type of DynamoDB Streams."
  }
}

variable "recovery_days" {
  description = "The number of days for which each second can be restored."
  type        = number
  default     = 35

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 35
    error_message = "Must be from 1 to 35."
  }
}

variable "on_demand_maximum" {
  description = "Whether the table throttles above the next two numbers, to limit the bill."
  type        = bool
  default     = false
}

variable "max_read_units" {
  description = "The maximum number of read units per second."
  type        = number
  default     = 12000
}

variable "max_write_units" {
  description = "The maximum number of write units per second."
  type        = number
  default     = 4000
}

variable "warm_throughput" {
  description = "Whether the table is prepared for the next two numbers, for instance before a sale. They can only be raised, and values above those of a new table are charged."
  type        = bool
  default     = false
}

variable "warm_read_units" {
  description = "Read units per second; a new table has 12000."
  type        = number
  default     = 12000
}

variable "warm_write_units" {
  description = "Write units per second; a new table has 4000."
  type        = number
  default     = 4000
}

variable "contributor_insights" {
  description = "Whether CloudWatch Contributor Insights shows hot keys. It shows user IDs in plain text."
  type        = bool
  default     = false
}

variable "contributor_insights_mode" {
  description = "Which keys it shows. Throttled keys cost next to nothing."
  type        = string
  default     = "THROTTLED_KEYS"

  validation {
    condition     = contains(["THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"], var.contributor_insights_mode)
    error_message = "Must be a mode of Contributor Insights."
  }
}

variable "own_key_variable" {
  description = "The IAM policy variable that holds the caller's user ID: a session tag, or $${cognito-identity.amazonaws.com:sub} for the roles of a Cognito identity pool."
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

variable "metric_namespace" {
  description = "The CloudWatch namespace that the stores' metric publisher writes to."
  type        = string
  default     = "CloudShelf/Cart"
}

variable "requests_per_call" {
  description = "Alarm above this average number of requests per call of the library."
  type        = number
  default     = 4
}

variable "call_latency_millis" {
  description = "Alarm above this p99 of the duration of a call of the library."
  type        = number
  default     = 1000
}

variable "drifts_per_hour" {
  description = "Alarm above this number of inconsistent carts per hour. Raise it if other programs write to the table."
  type        = number
  default     = 0
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # By name, so that the deployment policy can be created before the table.
  table_arn     = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/${var.table_name}"
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
  calls = {
    get    = "Get"
    getAll = "GetAll"
    apply  = "Apply"
    clear  = "Clear"
    merge  = "Merge"
    delete = "Delete"
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
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  stream_enabled   = var.stream
  stream_view_type = var.stream ? var.stream_view_type : null

  dynamic "on_demand_throughput" {
    for_each = var.on_demand_maximum ? [true] : []
    content {
      max_read_request_units  = var.max_read_units
      max_write_request_units = var.max_write_units
    }
  }

  dynamic "warm_throughput" {
    for_each = var.warm_throughput ? [true] : []
    content {
      read_units_per_second  = var.warm_read_units
      write_units_per_second = var.warm_write_units
    }
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

resource "aws_dynamodb_contributor_insights" "carts" {
  count      = var.contributor_insights ? 1 : 0
  table_name = aws_dynamodb_table.carts.name
  mode       = var.contributor_insights_mode
}

# Alarms. Several of DynamoDB's metrics exist only per operation; SUM counts an operation without data as 0.

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
  alarm_description   = "Requests to the cart table failed with server errors in three of five minutes."
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

# A refused condition is part of normal work: adding a book that is in the cart, clearing a young cart, a conflict.
# The alarm watches their share, and only if there are enough writes to make it meaningful.
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

# Why DynamoDB throttled: each cause needs a different remedy.

resource "aws_cloudwatch_metric_alarm" "hot_key" {
  alarm_name          = "${var.table_name}-hot-key"
  alarm_description   = "One cart or key range of the cart table reached its limit in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([reads, writes])"
    label       = "Throttle events"
    return_data = true
  }

  metric_query {
    id = "reads"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadKeyRangeThroughputThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "writes"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteKeyRangeThroughputThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "account_limit" {
  alarm_name          = "${var.table_name}-account-limit"
  alarm_description   = "The cart table reached a limit of the account in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([reads, writes])"
    label       = "Throttle events"
    return_data = true
  }

  metric_query {
    id = "reads"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadAccountLimitThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "writes"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteAccountLimitThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "maximum" {
  alarm_name          = "${var.table_name}-maximum"
  alarm_description   = "The cart table reached its own on-demand maximum in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([reads, writes])"
    label       = "Throttle events"
    return_data = true
  }

  metric_query {
    id = "reads"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadMaxOnDemandThroughputThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "writes"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteMaxOnDemandThroughputThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.carts.name }
      period      = 60
      stat        = "Sum"
    }
  }
}

# The library's own metrics, if the stores have a publisher for CloudWatch. They have a service as a dimension, but no table.

resource "aws_cloudwatch_metric_alarm" "unknown_outcomes" {
  alarm_name          = "${var.table_name}-unknown-outcomes"
  alarm_description   = "Changes to carts had unknown outcomes in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([get, getAll, apply, clear, merge, delete])"
    label       = "Unknown outcomes"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.calls
    content {
      id = metric_query.key
      metric {
        namespace   = var.metric_namespace
        metric_name = "CartUnknownOutcomes"
        dimensions  = { ServiceId = "CloudShelfCart", OperationName = metric_query.value }
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "drifts" {
  alarm_name          = "${var.table_name}-drifts"
  alarm_description   = "Carts are inconsistent; another program writes to the table."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.drifts_per_hour
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "all"
    expression  = "SUM([get, getAll, apply, clear, merge, delete])"
    label       = "Drifts"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.calls
    content {
      id = metric_query.key
      metric {
        namespace   = var.metric_namespace
        metric_name = "CartDrifts"
        dimensions  = { ServiceId = "CloudShelfCart", OperationName = metric_query.value }
        period      = 3600
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "requests_per_call" {
  alarm_name          = "${var.table_name}-requests-per-call"
  alarm_description   = "Calls needed unusually many requests in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.requests_per_call
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "perCall"
    expression  = "IF(SUM([getCalls, getAllCalls, applyCalls, clearCalls, mergeCalls, deleteCalls]) >= 100, SUM([get, getAll, apply, clear, merge, delete]) / SUM([getCalls, getAllCalls, applyCalls, clearCalls, mergeCalls, deleteCalls]), 0)"
    label       = "Requests per call"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.calls
    content {
      id = metric_query.key
      metric {
        namespace   = var.metric_namespace
        metric_name = "CartRequests"
        dimensions  = { ServiceId = "CloudShelfCart", OperationName = metric_query.value }
        period      = 60
        stat        = "Sum"
      }
    }
  }

  dynamic "metric_query" {
    for_each = local.calls
    content {
      id = "${metric_query.key}Calls"
      metric {
        namespace   = var.metric_namespace
        metric_name = "CartRequests"
        dimensions  = { ServiceId = "CloudShelfCart", OperationName = metric_query.value }
        period      = 60
        stat        = "SampleCount"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "call_latency" {
  alarm_name          = "${var.table_name}-call-latency"
  alarm_description   = "Calls took longer than their target at p99 in three of five minutes."
  alarm_actions       = local.alarm_actions
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.call_latency_millis
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "slowest"
    expression  = "MAX([get, getAll, apply, clear, merge, delete])"
    label       = "Slowest operation, p99"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.calls
    content {
      id = metric_query.key
      metric {
        namespace   = var.metric_namespace
        metric_name = "ApiCallDuration"
        dimensions  = { ServiceId = "CloudShelfCart", OperationName = metric_query.value }
        period      = 60
        stat        = "p99"
      }
    }
  }
}

resource "aws_cloudwatch_dashboard" "carts" {
  dashboard_name = "${var.table_name}-${data.aws_region.current.region}"
  dashboard_body = <<-JSON
    {"widgets": [
      {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "title": "Calls: duration, p99", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"ApiCallDuration\" ServiceId=\"CloudShelfCart\"', 'p99', 60)", "id": "duration"}]
        ]}},
      {"type": "metric", "x": 12, "y": 0, "width": 12, "height": 6, "properties": {
        "title": "Requests per call", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartRequests\" ServiceId=\"CloudShelfCart\"', 'Average', 60)", "id": "requests"}]
        ]}},
      {"type": "metric", "x": 0, "y": 6, "width": 12, "height": 6, "properties": {
        "title": "Calls that ended as unknown; writes that were recovered", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartUnknownOutcomes\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "unknown"}],
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartRecoveredWrites\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "recovered"}]
        ]}},
      {"type": "metric", "x": 12, "y": 6, "width": 12, "height": 6, "properties": {
        "title": "Conflicts and throttles of calls", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartConflicts\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "conflicts"}],
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartThrottles\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "throttles"}]
        ]}},
      {"type": "metric", "x": 0, "y": 12, "width": 12, "height": 6, "properties": {
        "title": "Hedged requests, and those that won", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartHedges\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "hedges"}],
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartHedgesWon\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "won"}]
        ]}},
      {"type": "metric", "x": 12, "y": 12, "width": 12, "height": 6, "properties": {
        "title": "Carts that contradict themselves", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartDrifts\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "drifts"}],
          [{"expression": "SEARCH('{\"${var.metric_namespace}\",OperationName,ServiceId} MetricName=\"CartStaleIndexes\" ServiceId=\"CloudShelfCart\"', 'Sum', 60)", "id": "stale"}]
        ]}},
      {"type": "metric", "x": 0, "y": 18, "width": 12, "height": 6, "properties": {
        "title": "DynamoDB: consumed units", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}]
        ]}},
      {"type": "metric", "x": 12, "y": 18, "width": 12, "height": 6, "properties": {
        "title": "DynamoDB: throttle events by cause", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          ["AWS/DynamoDB", "ReadKeyRangeThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "WriteKeyRangeThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "ReadAccountLimitThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "WriteAccountLimitThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "ReadMaxOnDemandThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "WriteMaxOnDemandThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "ReadProvisionedThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}],
          ["AWS/DynamoDB", "WriteProvisionedThroughputThrottleEvents", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}]
        ]}},
      {"type": "metric", "x": 0, "y": 24, "width": 12, "height": 6, "properties": {
        "title": "DynamoDB: latency", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "${aws_dynamodb_table.carts.name}", "Operation", "GetItem", {"stat": "Average"}],
          ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "${aws_dynamodb_table.carts.name}", "Operation", "UpdateItem", {"stat": "Average"}],
          ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "${aws_dynamodb_table.carts.name}", "Operation", "PutItem", {"stat": "Average"}],
          ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "${aws_dynamodb_table.carts.name}", "Operation", "DeleteItem", {"stat": "Average"}],
          ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", "${aws_dynamodb_table.carts.name}", "Operation", "TransactWriteItems", {"stat": "Average"}]
        ]}},
      {"type": "metric", "x": 12, "y": 24, "width": 12, "height": 6, "properties": {
        "title": "DynamoDB: refused conditions", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 60, "metrics": [
          ["AWS/DynamoDB", "ConditionalCheckFailedRequests", "TableName", "${aws_dynamodb_table.carts.name}", {"stat": "Sum"}]
        ]}}
    ]}
  JSON
}

# Permissions, one policy for each kind of caller. They allow what the library sends and no more.

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

data "aws_iam_policy_document" "cart_audit" {
  statement {
    sid = "LookOver"
    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:Scan",
    ]
    resources = [local.table_arn]
  }
  statement {
    sid = "Repair"
    actions = [
      "dynamodb:GetItem",
      "dynamodb:UpdateItem",
    ]
    resources = [local.table_arn]
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
  description = "Everything that a cart store does with the caller's own cart, and nothing with other carts."
  policy      = data.aws_iam_policy_document.cart_own_key.json
}

resource "aws_iam_policy" "cart_merge" {
  name_prefix = "${var.table_name}-merge-"
  description = "Merging a guest's cart into a user's, and nothing else."
  policy      = data.aws_iam_policy_document.cart_merge.json
}

resource "aws_iam_policy" "cart_audit" {
  name_prefix = "${var.table_name}-audit-"
  description = "Auditing all carts with CartTable.audit, and repairing them."
  policy      = data.aws_iam_policy_document.cart_audit.json
}

resource "aws_iam_policy" "cart_deploy" {
  name_prefix = "${var.table_name}-deploy-"
  description = "Creating a cart table with CartTable.create, and verifying it with CartTable.verify. Reads no cart."
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

output "stream_arn" {
  description = "The stream of the table, for the event source mapping of its consumers."
  value       = aws_dynamodb_table.carts.stream_arn
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

output "cart_audit_policy_arn" {
  description = "For runs of CartTable.audit."
  value       = aws_iam_policy.cart_audit.arn
}

output "cart_deploy_policy_arn" {
  description = "For deployments that run CartTable.create or CartTable.verify."
  value       = aws_iam_policy.cart_deploy.arn
}
